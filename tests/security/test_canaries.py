"""Secrets go where they are needed and nowhere else: everything that is written or told is searched for them."""

from __future__ import annotations

import io
import secrets
import sys
import traceback
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from flask import Response, current_app, request
from psycopg import sql
from pydantic import SecretStr
from pyotp import TOTP
from werkzeug.test import TestResponse

from core import inspection, telemetry
from core.actor import system
from core.app import create_app
from core.auth.accounts import identities
from core.config import ConfigurationError, Settings, load
from core.db.session import dispose, unit_of_work
from core.db.tenancy import acting_as
from core.http.application import Application
from core.http.contract import Rule, declare
from core.outbound.api import SafeClient
from core.testing import databases
from core.testing.clients import ApiClient, ok
from core.testing.databases import Server
from core.testing.factories import AgencyUnderTest, agency_maker
from core.testing.mailbox import mailbox
from core.users import service as users
from tests.worker import Worker

PASSWORD = "seven herons over still water"
OF_THE_INSTALLATION = {
    "jwt_secret": secrets.token_hex(32),
    "smtp_password": secrets.token_urlsafe(18),
    "password_pepper": "1:" + secrets.token_hex(32),
    "redis_password": secrets.token_urlsafe(18),
}
DATABASE_PASSWORD = "only-for-tests"


class Story:
    """What happened: the secrets that came up, and everything that was told to somebody who did not ask for them."""

    def __init__(self) -> None:
        self.canaries: dict[str, str] = {}
        self.told: list[tuple[str, str]] = []
        self.logs = ""

    def note(self, name: str, secret: str) -> str:
        """A secret that must not be seen again."""
        assert len(secret) >= 12, name
        self.canaries[name] = secret
        return secret

    def tell(self, place: str, answer: TestResponse) -> TestResponse:
        """An answer that has no business telling secrets."""
        self.told.append((place, f"{answer.status_code} {answer.headers} {answer.get_data(as_text=True)}"))
        return answer

    def seen(self, text: str) -> list[str]:
        """Which of the secrets a text holds."""
        return sorted(name for name, secret in self.canaries.items() if secret in text)


@pytest.fixture(scope="module")
def settings(database_server: Server) -> Iterator[Settings]:
    with database_server.clone() as urls:
        values = {name: SecretStr(value) for name, value in OF_THE_INSTALLATION.items()}
        yield databases.settings_for(urls, outbound_allow_networks="127.0.0.0/8", **values)


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
    application.add_url_rule("/api/v1/broken", "broken", _broken)
    application.view_functions["broken"] = _broken
    yield application
    with application.app_context():
        dispose()


def _broken() -> Response:
    """Fails with everything it knows, as a careless library might."""
    settings: Settings = current_app.extensions["tripfile.settings"]
    assert settings.database_url is not None
    known = {"authorization": request.headers["Authorization"], "password": PASSWORD}
    raise RuntimeError(f"cannot reach {settings.database_url.get_secret_value()} with {known!r} and {settings!r}")


declare(_broken, Rule(public=True))


@pytest.fixture(scope="module")
def story(app: Application, logged: io.StringIO) -> Story:
    """Secrets of every kind are made, used rightly and wrongly, and sent where they do not belong."""
    told = Story()
    for name, secret in OF_THE_INSTALLATION.items():
        told.note(name, secret.removeprefix("1:"))
    told.note("database_password", DATABASE_PASSWORD)
    told.note("password", PASSWORD)
    agency = agency_maker(app)()
    owner = agency.member("owner")
    with mailbox(app) as letters:
        person = _sign_in(app, agency, told)
        _factors(person, told)
        _keys(app, owner, told)
        _providers(app, owner, told)
        _letters(app, owner, told, letters)
    _astray(app, owner, told)
    told.logs = logged.getvalue()
    return told


def _sign_in(app: Application, agency: AgencyUnderTest, told: Story) -> ApiClient:
    email = f"canary-{secrets.token_hex(4)}@example.com"
    with app.app_context(), unit_of_work():
        identities.create(email=email, name="Ana", password=PASSWORD, language="en", zone="UTC")
        with acting_as(system(agency.id)):
            users.attach(email, ["agent"])
    nobody = ApiClient(app)
    told.tell("wrong login", nobody.post("/auth/login", {"email": email, "password": f"{PASSWORD} not"}))
    tokens = ok(nobody.post("/auth/login", {"email": email, "password": PASSWORD}))
    first = told.note("refresh_token", tokens["refresh_token"])
    access = told.note("access_token", tokens["access_token"])
    tokens = ok(nobody.post("/auth/refresh", {"refresh_token": first}))
    told.note("next_refresh_token", tokens["refresh_token"])
    told.tell("used refresh token", nobody.post("/auth/refresh", {"refresh_token": first[:-4] + "AAAA"}))
    told.tell("token in the address", nobody.get(f"/leads?token={access}"))
    told.tell("token with a tail", ApiClient(app, access + "x").get("/leads"))
    return ApiClient(app, tokens["access_token"])


def _factors(person: ApiClient, told: Story) -> None:
    enrolment = ok(person.post("/factors/totp"))
    seed = told.note("totp_seed", enrolment["secret"])
    confirmation = {"enrolment": enrolment["enrolment"], "code": TOTP(seed).now()}
    confirmed = ok(person.post("/factors/totp/confirm", confirmation))
    for code in confirmed.get("recovery_codes") or []:
        told.note("recovery_code", code)
    told.tell("factors", person.get("/factors"))
    told.tell("who am I", person.get("/auth/me"))
    told.tell("sessions", person.get("/auth/sessions"))


def _keys(app: Application, owner: ApiClient, told: Story) -> None:
    made = ok(owner.post("/api-keys", {"name": "Website", "scopes": {"leads.read": "all"}}), 201)
    key = told.note("api_key", made["key"])
    told.tell("by key", ApiClient(app, key).get("/leads"))
    told.tell("by a mistyped key", ApiClient(app, key[:-1] + ("0" if key[-1] != "0" else "1")).get("/leads"))
    told.tell("beyond the key", ApiClient(app, key).post("/leads", {"contact": {"name": "Ana"}}))
    told.tell("keys", owner.get("/api-keys"))
    hook = ok(owner.post("/webhooks/endpoints", {"url": "http://127.0.0.1:9/", "events": ["*"]}), 201)
    told.note("webhook_secret", hook["secret"])
    told.tell("webhook", owner.get(f"/webhooks/endpoints/{hook['id']}"))
    told.tell("webhooks", owner.get("/webhooks/endpoints"))


def _providers(app: Application, owner: ApiClient, told: Story) -> None:
    secret = told.note("client_secret", secrets.token_urlsafe(24))
    draft = {"name": "Sunrise", "issuer": "http://127.0.0.1:9", "client_id": "x", "email_domains": ["a.example"]}
    made = told.tell("provider", owner.post("/oidc/providers", draft | {"client_secret": secret}))
    place = f"/oidc/providers/{ok(made, 201)['id']}"
    told.tell("provider that is down", ApiClient(app).post(f"/oidc/{made.json['id']}/start", {}))  # type: ignore[index]
    told.tell("provider changed", owner.patch(place, {"name": "Other"}, version="*"))
    told.tell("wrong provider", owner.post("/oidc/providers", draft | {"client_secret": f"{secret} {secret}"}))
    told.tell("secret in the wrong place", owner.post("/oidc/providers", draft | {"secret": secret}))


def _letters(app: Application, owner: ApiClient, told: Story, letters: Any) -> None:
    email = f"invited-{secrets.token_hex(4)}@example.com"
    ok(owner.post("/invitations", {"email": email, "roles": ["agent"]}), 201)
    Worker(app).work()
    token = told.note("invitation", letters.token(email))
    told.tell("invitation used wrongly", ApiClient(app).post("/invitations/accept", {"token": token, "name": "Eva"}))
    told.tell("invitations", owner.get("/invitations"))
    told.tell("own jobs", owner.get("/jobs/mine"))
    told.tell("jobs", owner.get("/jobs?limit=200"))


def _astray(app: Application, owner: ApiClient, told: Story) -> None:
    """Secrets where a client should not have put them, and failures that know too much."""
    access = told.canaries["access_token"]
    told.tell("broken", ApiClient(app, access).get("/broken"))
    told.tell(
        "malformed", owner.post("/auth/login", data=f'{{"password": "{PASSWORD}", ', content_type="application/json")
    )
    told.tell("unknown address", owner.get(f"/nothing/{told.canaries['api_key']}"))
    told.tell("audit", owner.get("/audit?limit=200"))
    told.tell("audit as a file", owner.post("/audit/export?form=csv"))
    told.tell("events", owner.get("/events"))
    told.tell("health", app.test_client().get("/health"))
    told.tell("metrics", app.test_client().get("/metrics"))
    told.tell("documents", app.test_client().get("/openapi.json"))
    told.tell("socket documents", app.test_client().get("/asyncapi.json"))


class TestSecrets:
    def test_of_every_kind_came_up(self, story: Story) -> None:
        assert set(story.canaries) >= {
            "jwt_secret", "database_password", "smtp_password", "redis_password", "password_pepper", "password",
            "totp_seed", "recovery_code", "api_key", "refresh_token", "access_token", "invitation", "client_secret",
            "webhook_secret",
        }  # fmt: skip

    def test_are_in_no_log(self, story: Story) -> None:
        assert len(story.logs.splitlines()) > 40
        assert story.seen(story.logs) == []
        # The failure that knew everything is told, with its masks.
        assert "cannot reach postgresql://tripfile_app:[masked]@" in story.logs

    def test_are_in_no_answer_but_the_one_that_hands_them_out(self, story: Story) -> None:
        found = {place: story.seen(text) for place, text in story.told}
        # What is mistyped in an address is the caller's own, and told to nobody else.
        assert {place: names for place, names in found.items() if names} == {}
        assert len(found) > 25
        assert dict(story.told)["broken"].startswith("500 ")

    def test_are_not_in_the_database(self, story: Story, settings: Settings) -> None:
        """Every row of every table: events, jobs, kept answers, sessions, one-time tokens."""
        assert settings.database_owner_url is not None
        found: dict[str, list[str]] = {}
        rows = 0
        with psycopg.connect(settings.database_owner_url.get_secret_value()) as connection:
            tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            for (table,) in tables:
                statement = sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(table))
                for (row,) in connection.execute(statement).fetchall():
                    rows += 1
                    for name in story.seen(row):
                        found.setdefault(name, []).append(table)
        assert found == {}
        assert rows > 60

    def test_are_not_in_what_describes_the_settings(self, story: Story, settings: Settings) -> None:
        texts = [repr(settings), str(settings), "\n".join(inspection.lines(settings)), str(settings.problems())]
        with suppress(ConfigurationError):
            load(_env_file=None, jwt_secret=story.canaries["jwt_secret"], port="x", redis_password=["x"])
        texts.append("".join(traceback.format_stack()))
        assert [story.seen(text) for text in texts] == [[]] * len(texts)


class TestOutbound:
    def test_a_refusal_does_not_tell_the_address(self, app: Application, logged: io.StringIO) -> None:
        with app.app_context(), suppress(Exception):
            SafeClient.for_addresses_of_users("webhooks").check("https://user:CANARY-0123@10.0.0.1/?key=CANARY-0123")
        assert "CANARY-0123" not in logged.getvalue()
