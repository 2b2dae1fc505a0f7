"""People stay out of the log: whoever reads it learns what failed, not about whom."""

from __future__ import annotations

import io
import smtplib
import sys
from collections.abc import Iterator

import pytest
import structlog
from flask import Response, request
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from core import telemetry
from core.app import create_app
from core.auth.accounts import identities
from core.config import Settings, load
from core.db.session import dispose, unit_of_work
from core.errors import Problem
from core.extensions import db
from core.http.application import Application
from core.http.contract import Rule, declare
from core.jobs import outcome
from core.mail import smtp
from core.testing.clients import ApiClient, ok
from core.testing.databases import Server, settings_for
from core.testing.factories import agency_maker
from core.uploads import scanning

NAME = "Hesperia Vandermeulen"
EMAIL = "hesperia.vandermeulen@mail.example.com"
PASSWORD = "seven herons over still water"
PHONE = "+351912345678"
ABOUT = ("Hesperia", "Vandermeulen", "hesperia", "vandermeulen", "912345678")


@pytest.fixture(scope="module")
def settings(database_server: Server) -> Iterator[Settings]:
    with database_server.clone() as urls:
        yield settings_for(urls)


@pytest.fixture(scope="module")
def logged() -> Iterator[io.StringIO]:
    """Everything that is logged, down to the last detail."""
    buffer, before = io.StringIO(), sys.stderr
    sys.stderr = buffer
    yield buffer
    sys.stderr = before
    telemetry.configure(load(_env_file=None, log_level="WARNING"))


@pytest.fixture(scope="module")
def app(settings: Settings, logged: io.StringIO) -> Iterator[Application]:
    application = create_app(settings.model_copy(update={"log_level": "DEBUG", "log_format": "json"}))
    application.add_url_rule("/api/v1/broken", "broken", _broken, methods=["POST"])
    yield application
    with application.app_context():
        dispose()


def _broken() -> Response:
    """Fails with everything it was told, as a careless library might."""
    raise RuntimeError(f"cannot write to {request.get_json()!r}")


declare(_broken, Rule(public=True))


@pytest.fixture(scope="module")
def story(app: Application, logged: io.StringIO) -> str:
    """What is logged while somebody is written down, rightly and wrongly, and things about them fail."""
    agency = agency_maker(app)()
    owner = agency.member("owner")
    contact = {"kind": "person", "name": NAME, "emails": [{"address": EMAIL}], "phones": [{"number": PHONE}]}
    made = ok(owner.post("/contacts", contact), 201)
    ok(owner.get(f"/contacts?q={NAME}"))
    owner.get(f"/nothing/{EMAIL}")
    owner.post("/contacts", {**contact, "kind": NAME, "zone": EMAIL, "phones": [{"number": f"{PHONE}x"}]})
    ok(owner.patch(f"/contacts/{made['id']}", {"note": f"{NAME} {PHONE}"}, version="*"))
    ok(owner.post("/invitations", {"email": EMAIL, "roles": ["agent"]}), 201)
    nobody = ApiClient(app)
    assert nobody.post("/auth/login", {"email": EMAIL, "password": "something or other"}).status_code == 401
    assert nobody.post("/broken", {"email": EMAIL, "phone": PHONE}).status_code == 500
    with app.app_context():
        with unit_of_work():
            identities.create(email=EMAIL, name=NAME, password=PASSWORD, language="en", zone="UTC")
        quote(EMAIL)
        with pytest.raises(Problem):
            scanning._judge("ClamAV", "Eicar")
    return logged.getvalue()


def quote(email: str) -> None:
    """Log an error in which the database quotes a row: of who is there already."""
    again = "jsonb_populate_record(u, jsonb_build_object('id', gen_random_uuid()))"
    try:
        with db.engines["system"].begin() as connection:
            connection.execute(
                text(f"INSERT INTO core_user SELECT ({again}).* FROM core_user u WHERE email = :email"),
                {"email": email},
            )
    except IntegrityError as error:
        structlog.get_logger().exception("broken", cause=str(error))


class TestTheLog:
    def test_tells_what_failed(self, story: str) -> None:
        for word in ("cannot write to", "UniqueViolation", "uploads.infected", "sign_in.failed"):
            assert word in story, word

    def test_tells_nobody_about_whom(self, story: str) -> None:
        found = [line for line in story.splitlines() if any(word in line for word in ABOUT)]
        assert found == []


class TestWhatAMailServerSays:
    @pytest.mark.parametrize(
        ("code", "said", "told"),
        [
            (550, f"5.1.1 <{EMAIL}>: Recipient address rejected: {NAME} has left", "550 5.1.1"),
            (451, f"Greylisted {EMAIL}", "451"),
            (452, b"4.2.2 mailbox of hesperia is full", "452 4.2.2"),
        ],
    )
    def test_is_told_by_its_code_alone(self, code: int, said: str | bytes, told: str) -> None:
        assert str(smtp._judged(code, said)).endswith(told)

    def test_is_not_quoted_where_it_speaks_out_of_turn(self) -> None:
        error = smtplib.SMTPHeloError(554, f"no {EMAIL}".encode())
        assert smtp._said(error) == "SMTPHeloError: 554"


class TestADeadLetter:
    def test_does_not_quote_addresses_and_numbers(self) -> None:
        said = outcome.sentence(ValueError(f"{EMAIL} and {PHONE} are wrong"))
        assert said.startswith("ValueError: [masked]@mail.example.com and [masked] are wrong")
