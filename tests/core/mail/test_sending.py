"""Letters on their way: through a real server, onto the console, or told to come back later."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from pydantic import SecretStr

from core import checks
from core.config import Settings
from core.http.application import Application
from core.jobs.job import Discard, RetryAfter
from core.mail import delivery, hooks
from core.mail.api import Message, Unsendable, send
from core.testing.servers import free_port
from tests.core.mail.conftest import PASSWORD, USER, Server

Serve = Callable[..., Server]
Through = Callable[..., Server]
LETTER = Message("ana@example.com", "Your link", "Open https://trips.example.com/reset#token=abc\n")


@pytest.fixture(autouse=True)
def _context(app: Application) -> Iterator[None]:
    with app.app_context():
        yield


class TestASmtpServer:
    def test_gets_the_letter_encrypted(self, serve: Serve, through: Through) -> None:
        inbox = through(serve()).inbox
        send(LETTER)
        (message,) = inbox.messages
        assert message["To"] == "ana@example.com"
        assert message["From"] == "Sunrise Travel <office@sunrise.example>"
        assert message["Subject"] == "Your link"
        assert message["Auto-Submitted"] == "auto-generated"
        assert "token=abc" in message.get_payload()
        assert inbox.encrypted == [True]

    def test_that_offers_no_encryption_gets_nothing(self, serve: Serve, through: Through) -> None:
        inbox = through(serve(offers_tls=False)).inbox
        with pytest.raises(RetryAfter):
            send(LETTER)
        assert inbox.messages == []

    def test_may_be_used_in_clear_where_the_operator_says_so(self, serve: Serve, through: Through) -> None:
        inbox = through(serve(offers_tls=False), smtp_security="none").inbox
        send(LETTER)
        assert inbox.encrypted == [False]

    def test_whose_certificate_nobody_vouches_for_gets_nothing(
        self, serve: Serve, through: Through, configure: Callable[..., Settings]
    ) -> None:
        inbox = through(serve()).inbox
        configure(smtp_ca_file="")
        with pytest.raises(RetryAfter):
            send(LETTER)
        assert inbox.messages == []

    def test_with_the_certificate_of_another_name_gets_nothing(self, serve: Serve, through: Through) -> None:
        inbox = through(serve(name="mail.example.com")).inbox
        with pytest.raises(RetryAfter):
            send(LETTER)
        assert inbox.messages == []

    def test_is_told_who_we_are(self, serve: Serve, through: Through) -> None:
        inbox = through(serve(wants_password=True), smtp_user=USER, smtp_password=SecretStr(PASSWORD)).inbox
        send(LETTER)
        assert len(inbox.messages) == 1

    def test_that_refuses_our_password_is_asked_again_later_and_the_password_told_to_nobody(
        self, serve: Serve, through: Through
    ) -> None:
        through(serve(wants_password=True), smtp_user=USER, smtp_password=SecretStr("wrong, and secret"))
        with pytest.raises(RetryAfter, match="SMTP_PASSWORD is refused") as refused:
            send(LETTER)
        assert "wrong, and secret" not in str(refused.value)

    def test_that_is_away_is_asked_again_later(self, configure: Callable[..., Settings]) -> None:
        configure(smtp_host="127.0.0.1", smtp_port=free_port(), mail_from="office@sunrise.example")
        with pytest.raises(RetryAfter) as later:
            send(LETTER)
        assert later.value.seconds == 60

    def test_that_is_busy_is_asked_again_later(self, serve: Serve, through: Through) -> None:
        through(serve()).inbox.refuse = "451 Greylisted, come back"
        with pytest.raises(RetryAfter, match="451"):
            send(LETTER)

    def test_that_refuses_for_good_is_not_asked_again(self, serve: Serve, through: Through) -> None:
        through(serve()).inbox.refuse = "550 No such person"
        with pytest.raises(Discard, match="550"):
            send(LETTER)

    def test_gets_both_forms_of_a_letter_and_letters_of_any_script(self, serve: Serve, through: Through) -> None:
        inbox = through(serve()).inbox
        send(Message("ana@example.com", "旅程の確認", "Olá, Ana", html="<p>Olá, Ana</p>"))
        (message,) = inbox.messages
        assert message["Subject"] == "旅程の確認"
        assert [part.get_content_type() for part in message.walk()] == [
            "multipart/alternative", "text/plain", "text/html",
        ]  # fmt: skip


class TestWhoeverForges:
    @pytest.mark.parametrize(
        "letter",
        [
            Message("ana@example.com\r\nBcc: eve@example.com", "Hello", "."),
            Message("ana@example.com", "Hello\r\nBcc: eve@example.com", "."),
            Message("ana@example.com", "Hello\nX: y", "."),
            Message("ana@example.com", "Hello\u2028Bcc: eve@example.com", "."),
            Message("ana@example.com,eve@example.com", "Hello", "."),
            Message("ana,eve@example.com", "Hello", "."),
            Message("Ana <eve@example.com>", "Hello", "."),
            Message("ana", "Hello", "."),
            Message("", "Hello", "."),
        ],
    )
    def test_headers_or_recipients_is_refused(self, serve: Serve, through: Through, letter: Message) -> None:
        inbox = through(serve()).inbox
        with pytest.raises(Unsendable):
            send(letter)
        assert inbox.messages == []

    def test_a_header_in_the_body_has_written_a_body(self, serve: Serve, through: Through) -> None:
        inbox = through(serve()).inbox
        send(Message("ana@example.com", "Hello", "Bcc: eve@example.com\r\n.\r\nMAIL FROM:<eve@example.com>\r\n"))
        assert inbox.recipients == ["ana@example.com"]
        assert inbox.messages[0]["Bcc"] is None


class TestALetter:
    def test_that_is_sent_twice_has_the_same_id(self, serve: Serve, through: Through) -> None:
        inbox = through(serve()).inbox
        send(LETTER)
        send(LETTER)
        send(Message("ben@example.com", LETTER.subject, LETTER.text))
        first, again, other = (message["Message-ID"] for message in inbox.messages)
        assert first == again != other

    def test_with_another_link_is_another_letter(self, serve: Serve, through: Through) -> None:
        """The job tries again, and makes a new link: the old one is dead."""
        inbox = through(serve()).inbox
        send(LETTER)
        send(Message(LETTER.to, LETTER.subject, LETTER.text.replace("abc", "def")))
        first, again = (message["Message-ID"] for message in inbox.messages)
        assert first != again


class TestWithoutAServer:
    def test_the_console_shows_the_letter_with_its_link(
        self, configure: Callable[..., Settings], capsys: pytest.CaptureFixture[str]
    ) -> None:
        configure(smtp_host="")
        send(LETTER)
        shown = capsys.readouterr().err
        assert "To: ana@example.com" in shown
        assert "https://trips.example.com/reset#token=abc" in shown

    def test_production_keeps_the_letter_and_says_what_is_missing(self, configure: Callable[..., Settings]) -> None:
        settings = configure(smtp_host="", mode="production")
        with pytest.raises(RetryAfter, match="SMTP_HOST"):
            send(LETTER)
        with pytest.raises(hooks.NotConfigured, match="SMTP_HOST"):
            hooks.health_checks()["mail"]()
        assert "SMTP_HOST" in (delivery.missing(settings) or "")

    def test_an_embedded_installation_is_well(self, configure: Callable[..., Settings]) -> None:
        configure(smtp_host="")
        hooks.health_checks()["mail"]()


class TestTheCheck:
    def examine(self, settings: Settings) -> str:
        found = checks.Findings()
        checks._mail(settings, found)
        assert found.problems == []
        return " ".join(found.warnings)

    def test_is_content_with_a_server_that_takes_us(self, serve: Serve, through: Through, app: Application) -> None:
        through(serve())
        assert self.examine(app.settings) == ""

    def test_names_a_server_that_does_not(self, configure: Callable[..., Settings]) -> None:
        told = self.examine(configure(smtp_host="127.0.0.1", smtp_port=free_port(), mail_from="a@b.example"))
        assert "takes no mail" in told

    def test_names_a_missing_server_in_production(self, configure: Callable[..., Settings]) -> None:
        assert "SMTP_HOST is missing" in self.examine(configure(smtp_host="", mode="production"))

    def test_wants_a_sender(self, configure: Callable[..., Settings]) -> None:
        settings = configure(smtp_host="mail.example.com", mail_from="")
        assert any("MAIL_FROM" in problem for problem in settings.problems())
