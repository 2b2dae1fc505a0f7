"""Registering: closed unless the operator opens it, and nobody is anybody before their link was opened."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from werkzeug.test import TestResponse

from core import clock
from core.auth import registration
from core.auth.accounts import identities
from core.auth.people import persons
from core.errors import Unavailable
from core.http.application import Application
from core.testing.chores import run_due
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from core.testing.mailbox import Mailbox
from core.users import founding
from tests.core.auth.conftest import Person

_numbers = iter(range(1000))
PHRASE = "every good river boat turns slowly"


@pytest.fixture
def draft() -> dict[str, Any]:
    email = f"founder-{next(_numbers)}@example.com"
    return {"email": email, "name": "Zoë Marsh", "agency": "Ünter Way!"}


@pytest.fixture
def opened(app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.settings, "registration", "open")


def register(app: Application, draft: dict[str, Any]) -> TestResponse:
    return ApiClient(app).post("/auth/register", draft)


def finish(app: Application, token: str, password: str = PHRASE) -> TestResponse:
    return ApiClient(app).post("/auth/register/verify", {"token": token, "password": password})


def sign_in(app: Application, draft: dict[str, Any]) -> TestResponse:
    return ApiClient(app).post("/auth/login", {"email": draft["email"], "password": PHRASE})


class TestClosed:
    def test_nobody_can_register(self, app: Application, draft: dict[str, Any]) -> None:
        assert problem(register(app, draft)) == (404, "not_found")
        assert problem(finish(app, "x" * 43)) == (404, "not_found")

    def test_nobody_can_where_only_the_first_may_and_there_is_one(
        self, app: Application, agency: AgencyUnderTest, draft: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(app.settings, "registration", "first")
        assert problem(register(app, draft)) == (404, "not_found")


@pytest.mark.usefixtures("opened")
class TestOpen:
    def test_a_link_makes_a_person_who_owns_an_agency(
        self, app: Application, draft: dict[str, Any], letters: Mailbox
    ) -> None:
        ok(register(app, draft), 202)
        assert problem(sign_in(app, draft)) == (401, "wrong_credentials")
        run_due(app, "auth.send_letter")
        ok(finish(app, letters.token(draft["email"])), 204)
        tokens = ok(sign_in(app, draft))
        assert (tokens["agency"]["name"], tokens["agency"]["slug"]) == ("Ünter Way!", "unter-way")
        me = ok(ApiClient(app, tokens["access_token"]).get("/auth/me"))
        assert me["permissions"]["users.manage"] == "all"
        with app.app_context():
            person = persons.with_email(draft["email"])
            assert person is not None
            assert person.email_verified_at is not None

    def test_a_second_agency_of_the_name_has_an_address_of_its_own(
        self, app: Application, draft: dict[str, Any], letters: Mailbox
    ) -> None:
        slugs = []
        for email in ("same-a@example.com", "same-b@example.com"):
            body = {**draft, "email": email, "agency": "Twice Travel"}
            ok(register(app, body), 202)
            run_due(app, "auth.send_letter")
            ok(finish(app, letters.token(email)), 204)
            slugs.append(ok(sign_in(app, body))["agency"]["slug"])
        assert slugs == ["twice-travel", "twice-travel-2"]

    def test_a_link_is_good_once_and_for_a_day(self, app: Application, draft: dict[str, Any], letters: Mailbox) -> None:
        ok(register(app, draft), 202)
        run_due(app, "auth.send_letter")
        token = letters.token(draft["email"])
        with time_machine.travel(clock.now() + timedelta(hours=25)):
            assert faults(finish(app, token)) == {"/token": "dead_link"}
        ok(finish(app, token), 204)
        assert faults(finish(app, token)) == {"/token": "dead_link"}

    def test_two_links_to_one_address_make_one_account(
        self, app: Application, draft: dict[str, Any], letters: Mailbox
    ) -> None:
        tokens = []
        for _ in range(2):
            ok(register(app, draft), 202)
            run_due(app, "auth.send_letter")
            tokens.append(letters.token(draft["email"]))
        ok(finish(app, tokens[1]), 204)
        assert faults(finish(app, tokens[0])) == {"/token": "dead_link"}

    def test_whoever_has_an_account_is_told_by_mail_alone(
        self, app: Application, person: Person, draft: dict[str, Any], letters: Mailbox
    ) -> None:
        known, unknown = register(app, {**draft, "email": person.email}), register(app, draft)
        assert (known.status_code, known.data) == (unknown.status_code, unknown.data)
        run_due(app, "auth.send_letter")
        assert letters.of(person.email)[-1]["Subject"] == "You have a Tripfile account already"
        assert "#token=" not in letters.text(person.email)

    @pytest.mark.parametrize("field", ["role", "roles", "agency_id", "email_verified_at", "is_admin", "slug"])
    def test_nobody_gives_themselves_anything(self, app: Application, draft: dict[str, Any], field: str) -> None:
        assert faults(register(app, {**draft, field: "owner"})) == {f"/{field}": "unknown_field"}

    def test_every_fault_is_named(self, app: Application, draft: dict[str, Any]) -> None:
        wrong = {**draft, "currency": "XXQ", "zone": "Mars/Olympus", "language": "xq"}
        assert set(faults(register(app, wrong))) == {"/currency", "/zone", "/language"}

    def test_a_password_is_not_the_name_of_the_agency(
        self, app: Application, draft: dict[str, Any], letters: Mailbox
    ) -> None:
        ok(register(app, {**draft, "agency": "Sunrise Travel"}), 202)
        run_due(app, "auth.send_letter")
        token = letters.token(draft["email"])
        assert faults(finish(app, token, "Sunrise Travel 2026")) == {"/password": "too_personal"}
        ok(finish(app, token), 204)

    def test_the_password_is_chosen_by_whoever_reads_the_letter(
        self, app: Application, draft: dict[str, Any], letters: Mailbox
    ) -> None:
        """Whoever typed the address in may be anybody: what they would choose must never open the account."""
        assert faults(register(app, {**draft, "password": PHRASE})) == {"/password": "unknown_field"}

    def test_a_link_works_again_after_something_went_wrong(
        self, app: Application, draft: dict[str, Any], letters: Mailbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ok(register(app, draft), 202)
        run_due(app, "auth.send_letter")
        token = letters.token(draft["email"])
        with monkeypatch.context() as broken:
            appoint = founding.appoint_owner

            def fail(agency_id: UUID, user_id: UUID) -> None:
                appoint(agency_id, user_id)
                raise Unavailable("The database is slow")

            broken.setattr(founding, "appoint_owner", fail)
            assert finish(app, token).status_code == 503
        assert problem(sign_in(app, draft)) == (401, "wrong_credentials")
        ok(finish(app, token), 204)
        assert ok(sign_in(app, draft))["agency"]["slug"].startswith("unter-way")

    def test_the_newest_link_of_an_address_is_the_only_one(
        self, app: Application, draft: dict[str, Any], letters: Mailbox
    ) -> None:
        other = draft | {"email": f"other-{draft['email']}"}
        tokens = []
        for each in (other, draft, draft):
            ok(register(app, each), 202)
            run_due(app, "auth.send_letter")
            tokens.append(letters.token(each["email"]))
        assert faults(finish(app, tokens[1])) == {"/token": "dead_link"}
        ok(finish(app, tokens[2]), 204)
        ok(finish(app, tokens[0]), 204)

    def test_whose_first_attempt_went_wrong_gets_another_letter(
        self, app: Application, draft: dict[str, Any], letters: Mailbox
    ) -> None:
        with app.app_context():
            identities.create_without_password(email=draft["email"], name="Zoë", language="en", zone="UTC")
        ok(register(app, draft), 202)
        run_due(app, "auth.send_letter")
        ok(finish(app, letters.token(draft["email"])), 204)
        ok(sign_in(app, draft))

    def test_two_links_that_are_opened_at_once_found_one_agency_where_only_the_first_may(
        self, app: Application, draft: dict[str, Any], letters: Mailbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The second one waits, and then there is an agency."""
        ok(register(app, draft), 202)
        run_due(app, "auth.send_letter")
        monkeypatch.setattr(registration, "is_open", iter([True, False]).__next__)
        assert problem(finish(app, letters.token(draft["email"]))) == (404, "not_found")
        with app.app_context():
            assert persons.with_email(draft["email"]) is None

    def test_a_letter_does_not_carry_what_a_stranger_typed(
        self, app: Application, draft: dict[str, Any], letters: Mailbox
    ) -> None:
        ok(register(app, {**draft, "name": "Win at https://evil.example", "agency": "https://evil.example"}), 202)
        run_due(app, "auth.send_letter")
        assert "evil" not in letters.text(draft["email"])
