"""What a new password must be: how long, how ordinary, how personal, and how breached it may not be."""

from __future__ import annotations

import random
import string
import threading
from collections.abc import Iterator
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from core.auth.passwords import blocklist, rules
from core.errors import Invalid
from core.http.application import Application
from core.testing.chores import run_due
from core.testing.clients import ApiClient, faults, ok
from core.testing.factories import AgencyUnderTest
from core.testing.mailbox import Mailbox
from core.testing.servers import free_port
from tests.core.auth.conftest import PASSWORD, Person

LONG = "every good river boat turns slowly, " * 8
PICTURES = "".join(chr(0x1F330 + 7 * number) for number in range(20))


@pytest.fixture(autouse=True)
def _context(app: Application) -> Iterator[None]:
    with app.app_context():
        yield


def told(password: str, minimum: int = rules.ALONE, about: tuple[str, ...] = ()) -> list[str]:
    """The codes of what is wrong with a password."""
    try:
        rules.check_rules(password, minimum=minimum, about=about)
    except Invalid as invalid:
        return [fault.code for fault in invalid.errors]
    return []


class TestLength:
    @pytest.mark.parametrize(
        ("password", "minimum", "codes"),
        [
            (LONG[:14], 15, ["too_short"]),
            (LONG[:15], 15, []),
            ("Rk7#pw2", 8, ["too_short"]),
            ("short", 15, ["too_short"]),
            ("aaaa", 15, ["too_short"]),
            ("Rk7#pw2Z", 8, []),
            (LONG[:64], 15, []),
            (LONG[:73], 15, []),
            (LONG[:128], 15, []),
            (LONG[:256], 15, []),
            (LONG[:257], 15, ["too_long"]),
            (PICTURES[:14], 15, ["too_short"]),
            (PICTURES[:15], 15, []),
            ("        a         b", 15, ["too_plain"]),
            ("пусть всегда будет солнце", 15, []),
            ("صبح الخير يا أهل الدار", 15, []),
            ("日本語の長い合言葉をここに書きます", 15, []),
            ("\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}", 15, []),
            ("tre\u0300s longue phr", 15, []),
            ("tre\u0300s longue ph", 15, ["too_short"]),
        ],
    )
    def test_is_counted_in_characters_after_normalisation(self, password: str, minimum: int, codes: list[str]) -> None:
        assert told(password, minimum) == codes

    @pytest.mark.parametrize("password", ["lowercaselettersonly", "ÜBERALLNURGROSSE!", "7392 5518 0264 9917", PICTURES])
    def test_is_all_there_is_no_mixture_is_asked_for(self, password: str) -> None:
        assert told(password) == []

    def test_is_not_cut_where_other_hashes_end(self, person: Person) -> None:
        ok(person.client().post("/auth/password", {"current": PASSWORD, "new": LONG[:80] + "A"}), 204)
        assert person.log_in(LONG[:80] + "B").status_code == 401
        assert person.log_in(LONG[:80] + "A").status_code == 200

    def test_stands_in_the_document(self, app: Application) -> None:
        document = app.test_client().get("/openapi.json").json
        assert document is not None
        schema = document["components"]["schemas"]["RegistrationOpened"]["properties"]["password"]
        assert (schema["minLength"], schema["maxLength"]) == (8, 256)
        assert "At least 15 characters (8 for somebody with a second factor)" in schema["description"]


class TestWhatEverybodyTries:
    @pytest.mark.parametrize(
        "password",
        [
            "password123...", "Password123Password123", "p@ssw0rd12345678", "passwordpassword1", "iloveyouforever",
            "correct horse battery staple", "trustno1trustno1", "P A S S W O R D 2 0 2 6", "!!!administrator!!!",
        ],
    )  # fmt: skip
    def test_is_refused_also_repeated_spaced_out_or_decorated(self, password: str) -> None:
        assert {"too_common", "too_plain"} & set(told(password, minimum=8))

    @pytest.mark.parametrize(
        "password",
        [
            "aaaaaaaaaaaaaaa", "123456789012345", "qwertyuiopasdfgh", "abcdefghijklmnop", "letmeinletmeinletmein",
            "1 1 1 1 1 1 1 1",
        ],
    )  # fmt: skip
    def test_is_refused_where_it_is_one_run_or_repetition(self, password: str) -> None:
        assert "too_plain" in told(password)

    @pytest.mark.parametrize(
        "password", [PASSWORD, "longer and quieter still", "butterfly 2749 8812 9931", "grandmother's oven is slow"]
    )
    def test_is_not_what_people_think_of_themselves(self, password: str) -> None:
        assert told(password) == []

    def test_is_packed_small_and_seldom_errs(self) -> None:
        packed = Path(blocklist.__file__).with_name(blocklist.FILE)
        assert packed.stat().st_size < 300_000
        chance = random.Random(7)
        sample = ["".join(chance.choices(string.ascii_lowercase, k=16)) for _ in range(20_000)]
        assert sum(word in blocklist.common() for word in sample) / len(sample) < 0.002


class TestWhatOthersKnow:
    ABOUT = ("Ana Duarte", "ana.duarte@sunrise.example", "Sunrise Travel", "sunrise-travel")

    @pytest.mark.parametrize(
        "password",
        [
            "sunrise-travel-2026", "SunriseTravel12345", "anaduarte1234567", "Duarte, Ana Duarte", "tripfile tripfile",
            "Tripfile!Sunrise!",
        ],
    )  # fmt: skip
    def test_is_not_enough(self, password: str) -> None:
        assert set(told(password, about=self.ABOUT)) & {"too_personal", "too_plain"}

    @pytest.mark.parametrize("password", ["SunriseTravelLisbonOffice", "Duarte, quietly passing"])
    def test_may_be_a_part(self, password: str) -> None:
        assert told(password, about=self.ABOUT) == []

    def test_is_asked_of_the_agency_where_somebody_changes_theirs(
        self, person: Person, agency: AgencyUnderTest
    ) -> None:
        change = {"current": PASSWORD, "new": f"Sunrise Travel {agency.slug}"}
        assert faults(person.client().post("/auth/password", change)) == {"/new": "too_personal"}

    def test_is_asked_where_a_link_sets_it(self, app: Application, person: Person, letters: Mailbox) -> None:
        ok(ApiClient(app).post("/auth/password/forgotten", {"email": person.email}), 202)
        run_due(app, "auth.send_letter")
        body = {"token": letters.token(person.email), "password": f"{person.email} 1"}
        assert faults(ApiClient(app).post("/auth/password/reset", body)) == {"/password": "too_personal"}


class TestWhatIsBreached:
    """Against a server that speaks the range protocol of Pwned Passwords."""

    KNOWN = "a phrase that somebody lost"

    @pytest.fixture
    def asked(self, app: Application, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
        asked: list[str] = []
        digest = sha1(self.KNOWN.encode()).hexdigest().upper()

        class Range(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(f"{self.path} {self.headers['Add-Padding']}")
                lines = ["0" * 35 + ":5", f"{sha1(LONG[:200].encode()).hexdigest().upper()[5:]}:0"]
                if self.path.endswith(f"/{digest[:5]}"):
                    lines.append(f"{digest[5:]}:42")
                self.send_response(200)
                self.end_headers()
                self.wfile.write("\r\n".join(lines).encode())

            def log_message(self, *args: object) -> None: ...

        server = HTTPServer(("127.0.0.1", free_port()), Range)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setattr(app.settings, "outbound_allow_networks", ("127.0.0.0/8",))
        monkeypatch.setattr(app.settings, "password_breach_url", f"http://127.0.0.1:{server.server_port}/range/")
        yield asked
        server.shutdown()
        thread.join(10)
        server.server_close()

    def test_is_refused(self, asked: list[str]) -> None:
        assert told(self.KNOWN) == ["breached"]
        assert told("a phrase that nobody lost yet") == []

    def test_is_asked_for_by_five_letters_of_a_digest(self, asked: list[str]) -> None:
        told(self.KNOWN)
        assert asked == [f"/range/{sha1(self.KNOWN.encode()).hexdigest().upper()[:5]} true"]

    def test_is_not_what_only_pads_the_answer(self, asked: list[str]) -> None:
        assert told(LONG[:200]) == []

    def test_is_not_asked_for_what_is_refused_anyway(self, asked: list[str]) -> None:
        told("too short")
        assert asked == []

    def test_is_taken_where_nobody_answers(
        self, app: Application, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(app.settings, "outbound_allow_networks", ("127.0.0.0/8",))
        monkeypatch.setattr(app.settings, "password_breach_url", f"http://127.0.0.1:{free_port()}/range")
        assert told(self.KNOWN) == []
        assert "passwords.breach_lookup_failed" in caplog.text
        assert self.KNOWN not in caplog.text

    def test_is_not_asked_for_unless_the_operator_wants_it(self, app: Application) -> None:
        assert app.settings.password_breach_url == ""
        assert told(self.KNOWN) == []
