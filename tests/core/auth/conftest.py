"""People who can really sign in."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from core.actor import system
from core.app import create_app
from core.auth.accounts import identities
from core.config import Settings
from core.db.session import dispose, unit_of_work
from core.db.tenancy import acting_as
from core.http.application import Application
from core.roles.repository import roles
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from core.users.models import Membership
from core.users.repository import members

PASSWORD = "a long and quiet passphrase"
_numbers = itertools.count(1)
SOON = 2.0
"""Seconds within which every process follows."""


class Person:
    """Somebody with an e-mail address and a password."""

    def __init__(self, app: Application, user_id: UUID, email: str) -> None:
        self.app = app
        self.user_id = user_id
        self.email = email

    def log_in(self, password: str = PASSWORD, **more: str) -> TestResponse:
        """Try to sign in."""
        return ApiClient(self.app).post("/auth/login", {"email": self.email, "password": password, **more})

    def tokens(self, **more: str) -> dict[str, Any]:
        """Sign in."""
        found: dict[str, Any] = ok(self.log_in(**more))
        return found

    def client(self, **more: str) -> ApiClient:
        """The API as this person, newly signed in."""
        return ApiClient(self.app, self.tokens(**more)["access_token"])

    def join(self, agency: AgencyUnderTest, role: str = "agent") -> None:
        """Become a member."""
        with self.app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            members.add(Membership(user_id=self.user_id, state="active"))
            members.give_roles(self.user_id, [roles.by_codes([role])[role]])


@pytest.fixture
def make_person(app: Application) -> Callable[[], Person]:
    """Makes people without a membership."""

    def make() -> Person:
        email = f"person-{next(_numbers)}@example.com"
        with app.app_context(), unit_of_work():
            user_id = identities.create(email=email, name="Ana", password=PASSWORD, language="en", zone="UTC")
        return Person(app, user_id, email)

    return make


@pytest.fixture
def person(make_person: Callable[[], Person], agency: AgencyUnderTest) -> Person:
    """An agent of the agency."""
    made = make_person()
    made.join(agency)
    return made


def refresh(app: Application, token: str) -> TestResponse:
    """Trade a refresh token."""
    return ApiClient(app).post("/auth/refresh", {"refresh_token": token})


@pytest.fixture
def elsewhere(settings: Settings) -> Iterator[Application]:
    """Another process of the installation."""
    other = create_app(settings)
    yield other
    with other.app_context():
        dispose()


def eventually(answers: Callable[[], bool], *, within: float = SOON) -> None:
    """Wait until something is so; fails when that takes too long."""
    deadline = time.monotonic() + within
    while not answers():
        assert time.monotonic() < deadline, f"Not within {within} s"
        time.sleep(0.02)
