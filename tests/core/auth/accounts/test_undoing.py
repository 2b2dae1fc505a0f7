"""Changes of an address that are undone by whoever had the account before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import time_machine
from sqlalchemy import update
from werkzeug.test import TestResponse

from core import clock
from core.auth.models import AuthSession
from core.db.session import apart
from core.http.application import Application
from core.testing.chores import run_due
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.mailbox import Mailbox
from core.users.models import User
from tests.core.auth.accounts.test_addresses import NEW, ask, fresh, verify
from tests.core.auth.conftest import Person


def undo(app: Application, token: str) -> TestResponse:
    return ApiClient(app).post("/auth/email/undo", {"token": token})


def moved(person: Person, letters: Mailbox) -> str:
    """Move the account to another address, as somebody with a session of its owner's does; gives the owner's link."""
    old, new = person.email, fresh()
    ok(verify(person.app, ask(person, new, letters)), 204)
    person.email = new
    return letters.token(old)


class TestUndoing:
    def test_is_made_by_the_present_address_before_the_link_to_the_other_is_opened(
        self, app: Application, person: Person, letters: Mailbox
    ) -> None:
        thief, wanted = person.client(), fresh()
        ok(thief.post("/auth/email", {"email": wanted}), 202)
        run_due(app, "auth.send_letter")
        stolen, link = letters.token(wanted), letters.token(person.email)
        ok(undo(app, link), 204)
        assert faults(verify(app, stolen)) == {"/token": "dead_link"}
        assert thief.get("/auth/me").status_code == 401
        assert faults(undo(app, link)) == {"/token": "dead_link"}
        run_due(app, "auth.send_letter")
        body = {"token": letters.token(person.email), "password": NEW}
        ok(ApiClient(app).post("/auth/password/reset", body), 204)
        assert person.log_in(NEW).status_code == 200

    def test_is_made_by_the_former_address_afterwards(
        self, app: Application, person: Person, letters: Mailbox, api: ApiClient
    ) -> None:
        old, wanted = person.email, fresh()
        token = ask(person, wanted, letters)
        link = letters.token(old)
        ok(verify(app, token), 204)
        ok(ApiClient(app).post("/auth/password/forgotten", {"email": wanted}), 202)
        run_due(app, "auth.send_letter")
        reset = letters.token(wanted)
        ok(undo(app, link), 204)
        assert person.log_in().status_code == 200
        body = {"token": reset, "password": NEW}
        assert faults(ApiClient(app).post("/auth/password/reset", body)) == {"/token": "dead_link"}
        assert [each["id"] for each in ok(api.get(f"/users?q={old}"))["items"]] == [str(person.user_id)]
        assert len(ok(api.get(f"/audit?name=auth.email_change_undone&subject_id={person.user_id}"))["items"]) == 1

    def test_is_made_by_each_letter_and_for_three_days(
        self, app: Application, person: Person, letters: Mailbox
    ) -> None:
        ask(person, fresh(), letters)
        first = letters.token(person.email)
        ask(person, fresh(), letters)
        with time_machine.travel(clock.now() + timedelta(days=3, minutes=1)):
            assert faults(undo(app, first)) == {"/token": "dead_link"}
        ok(undo(app, first), 204)

    def test_is_not_undone_by_whoever_had_the_account_in_between(
        self, app: Application, person: Person, letters: Mailbox
    ) -> None:
        owners = person.email
        link = moved(person, letters)
        thiefs = person.email
        ask(person, fresh(), letters)
        stolen = letters.token(thiefs)
        ok(undo(app, link), 204)
        assert faults(undo(app, stolen)) == {"/token": "dead_link"}
        run_due(app, "auth.send_letter")
        assert "#token=" not in letters.text(thiefs)
        person.email = owners
        assert person.log_in().status_code == 200

    def test_is_not_undone_by_a_letter_that_was_on_its_way(
        self, app: Application, person: Person, letters: Mailbox
    ) -> None:
        """Whoever has a mail server of their own has letters wait as long as they like."""
        link = moved(person, letters)
        thiefs = person.email
        ok(person.client().post("/auth/email", {"email": fresh()}), 202)
        ok(undo(app, link), 204)
        run_due(app, "auth.send_letter")
        subjects = [each["Subject"] for each in letters.of(thiefs)]
        assert subjects == ["Confirm your new e-mail address", "The change of your e-mail address was undone"]

    def test_is_not_undone_by_what_a_session_asks_for_that_it_ended(
        self, app: Application, person: Person, letters: Mailbox
    ) -> None:
        """Processes hear of an end within two seconds; a request may have been let in just before it."""
        thief = person.client()
        ok(thief.get("/auth/me"))
        with app.app_context(), apart() as session:
            theirs = update(AuthSession).where(AuthSession.user_id == person.user_id)
            session.execute(theirs.values(revoked_at=clock.now(), revoked_because="email_change_undone"))
        assert problem(thief.post("/auth/email", {"email": fresh()})) == (401, "invalid_token")
        run_due(app, "auth.send_letter")
        assert letters.of(person.email) == []

    def test_takes_nothing_from_an_older_address(self, app: Application, person: Person, letters: Mailbox) -> None:
        owners = person.email
        link = moved(person, letters)
        thiefs = person.email
        moved(person, letters)
        ok(undo(app, letters.token(thiefs)), 204)
        ok(undo(app, link), 204)
        person.email = owners
        assert person.log_in().status_code == 200

    def test_is_told_to_the_address_that_loses_the_account(
        self, app: Application, person: Person, letters: Mailbox
    ) -> None:
        link = moved(person, letters)
        ok(undo(app, link), 204)
        run_due(app, "auth.send_letter")
        assert letters.of(person.email)[-1]["Subject"] == "The change of your e-mail address was undone"

    def test_ends_every_session_although_the_address_was_taken_meanwhile(
        self, app: Application, person: Person, make_person: Callable[[], Person], letters: Mailbox
    ) -> None:
        owners = person.email
        link = moved(person, letters)
        thief, other = person.client(), make_person()
        with app.app_context(), apart() as session:
            session.execute(update(User).where(User.id == other.user_id).values(email=owners))
        assert faults(undo(app, link)) == {"/token": "address_taken"}
        assert thief.get("/auth/me").status_code == 401
        assert person.log_in().status_code == 200
        with app.app_context(), apart() as session:
            session.execute(update(User).where(User.id == other.user_id).values(email=fresh()))
        ok(undo(app, link), 204)

    def test_reminds_of_what_it_leaves(self, app: Application, person: Person, letters: Mailbox) -> None:
        ask(person, fresh(), letters)
        assert "look through your passkeys and other second factors, and through your API keys" in letters.text(
            person.email
        )
