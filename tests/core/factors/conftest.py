"""People who can sign in and set up second factors."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pyotp
import pytest
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from core import clock
from core.actor import system
from core.auth.accounts import identities
from core.auth.models import AuthSession
from core.auth.sessions import principals
from core.db.session import apart, unit_of_work
from core.db.tenancy import acting_as
from core.events.models import EventEntry
from core.extensions import db
from core.factors.models import Totp
from core.http.application import Application
from core.roles.repository import roles
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from core.users.models import Membership
from core.users.repository import members
from tests.core.factors.authenticator import Authenticator

PASSWORD = "a long and quiet passphrase"
_numbers = itertools.count(1)


class Person:
    """Somebody with an e-mail address and a password, and whatever factors they set up."""

    def __init__(self, app: Application, user_id: UUID, email: str) -> None:
        self.app = app
        self.user_id = user_id
        self.email = email
        self.api = ApiClient(app)
        self.seed = ""
        self.codes: list[str] = []
        self._step = 0

    def join(self, agency: AgencyUnderTest, role: str = "agent") -> None:
        """Become a member."""
        with self.app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            members.add(Membership(user_id=self.user_id, state="active"))
            members.give_roles(self.user_id, [roles.by_codes([role])[role]])

    def log_in(self, **more: str) -> TestResponse:
        """Try to sign in."""
        return ApiClient(self.app).post("/auth/login", {"email": self.email, "password": PASSWORD, **more})

    def sign_in(self) -> ApiClient:
        """Sign in by password alone; the API as this person."""
        return self.with_tokens(ok(self.log_in(), 200))

    def challenge(self) -> dict[str, Any]:
        """Sign in as far as the second step."""
        found: dict[str, Any] = ok(self.log_in(), 202)
        return found

    def second_step(self, **proof: Any) -> TestResponse:
        """Sign in by password and by this proof."""
        return self.show(self.challenge()["challenge"], **proof)

    def show(self, challenge: str, **proof: Any) -> TestResponse:
        """Send a second proof."""
        return ApiClient(self.app).post("/auth/second-factor", {"challenge": challenge, **proof})

    def with_tokens(self, tokens: dict[str, Any]) -> ApiClient:
        """The API with these tokens."""
        self.api.token = tokens["access_token"]
        return self.api

    def code(self) -> str:
        """A code of the authenticator app that is right now and was not used before."""
        if clock.now().timestamp() % 30 > 29.5:
            # The half minute would end on the way, and the oldest code with it.
            time.sleep(0.5)
        now = int(clock.now().timestamp()) // 30
        # A code is good once: the next one is that of the half minute after, which counts already.
        self._step = max(self._step + 1, now - 1)
        assert self._step <= now + 1, "So many codes are not good at one time: let_codes_be_new()"
        return pyotp.TOTP(self.seed).generate_otp(self._step)

    def let_codes_be_new(self) -> None:
        """Forget which codes were used, as if half minutes had gone by."""
        with self.app.app_context(), apart() as session:
            session.execute(update(Totp).where(Totp.user_id == self.user_id).values(last_step=0))
        self._step = 0

    def set_up_totp(self) -> None:
        """Set up an authenticator app, and keep the recovery codes."""
        begun = ok(self.api.post("/factors/totp"), 201)
        self.seed = begun["secret"]
        confirmation = {"enrolment": begun["enrolment"], "code": self.code()}
        self.codes = ok(self.api.post("/factors/totp/confirm", confirmation), 201)["recovery_codes"]
        self.let_codes_be_new()

    def set_up_passkey(self, device: Authenticator | None = None, name: str = "Phone") -> Authenticator:
        """Add a passkey, and keep the recovery codes where there are new ones."""
        made = device or Authenticator()
        options = ok(self.api.post("/factors/passkeys/options"), 200)["options"]
        answer = self.api.post("/factors/passkeys", {"name": name, "credential": made.create(options)})
        self.codes = ok(answer, 201)["recovery_codes"] or self.codes
        return made

    def grow_stale(self, minutes: float = 11) -> None:
        """Let so much time go by since the person of every session of theirs proved who they are."""
        earlier = clock.now() - timedelta(minutes=minutes)
        with self.app.app_context(), apart() as session:
            session.execute(update(AuthSession).where(AuthSession.user_id == self.user_id).values(proven_at=earlier))
        with self.app.app_context():
            principals.principals().forget()


MakePerson = Callable[..., Person]


def somebody(app: Application, agency: AgencyUnderTest, role: str) -> Person:
    """A new person with a role in an agency, signed in by password."""
    email = f"factor-{next(_numbers)}@example.com"
    with app.app_context(), unit_of_work():
        user_id = identities.create(email=email, name="Ana", password=PASSWORD, language="en", zone="UTC")
    made = Person(app, user_id, email)
    made.join(agency, role)
    made.sign_in()
    return made


@pytest.fixture
def make_person(app: Application, agency: AgencyUnderTest) -> MakePerson:
    """Makes people with a role in the agency, signed in."""

    def make(role: str = "agent") -> Person:
        return somebody(app, agency, role)

    return make


@pytest.fixture
def person(make_person: MakePerson) -> Person:
    """An agent of the agency, signed in by password."""
    return make_person()


@pytest.fixture
def facts(app: Application, agency: AgencyUnderTest) -> Callable[[str], list[dict[str, Any]]]:
    """What the agency's log says happened under a name."""

    def read(name: str) -> list[dict[str, Any]]:
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            found = select(EventEntry.payload).where(EventEntry.name == name).order_by(EventEntry.id)
            return list(db.session.scalars(found))

    return read
