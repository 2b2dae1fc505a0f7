"""E-mail addresses: shown to be one's own by a link, and changed for no other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from core import clock
from core.actor import system
from core.agencies import suspension
from core.auth.accounts import identities
from core.auth.models import AuthSession
from core.db.session import apart, unit_of_work
from core.db.tenancy import acting_as
from core.http.application import Application
from core.testing.chores import run_due
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from core.testing.mailbox import Mailbox
from core.users.models import User
from tests.core.auth.conftest import PASSWORD, Person

NEW = "an entirely different phrase"
_taken = iter(range(1000))


def fresh() -> str:
    return f"fresh-{next(_taken)}@example.com"


def ask(person: Person, email: str, letters: Mailbox) -> str:
    """The token of the link that was mailed to a new address."""
    ok(person.client().post("/auth/email", {"email": email}), 202)
    run_due(person.app, "auth.send_letter")
    return letters.token(email)


def verify(app: Application, token: str) -> TestResponse:
    return ApiClient(app).post("/auth/email/verify", {"token": token})


def verified_at(app: Application, person: Person) -> object:
    with app.app_context(), apart() as session:
        return session.scalar(select(User.email_verified_at).where(User.id == person.user_id))


class TestTheOwnAddress:
    def test_is_verified_by_a_link(self, app: Application, person: Person, letters: Mailbox) -> None:
        assert verified_at(app, person) is None
        ok(person.client().post("/auth/email/verification"), 202)
        run_due(app, "auth.send_letter")
        ok(verify(app, letters.token(person.email)), 204)
        assert verified_at(app, person) is not None

    def test_is_verified_within_a_day(self, app: Application, person: Person, letters: Mailbox) -> None:
        ok(person.client().post("/auth/email/verification"), 202)
        run_due(app, "auth.send_letter")
        with time_machine.travel(clock.now() + timedelta(hours=24, minutes=1)):
            assert faults(verify(app, letters.token(person.email))) == {"/token": "dead_link"}
        assert verified_at(app, person) is None


class TestAnotherAddress:
    def test_is_signed_in_with_once_its_link_was_opened(
        self, app: Application, person: Person, letters: Mailbox
    ) -> None:
        old, new = person.email, fresh()
        token = ask(person, new, letters)
        assert person.log_in().status_code == 200
        ok(verify(app, token), 204)
        assert problem(person.log_in()) == (401, "wrong_credentials")
        person.email = new
        assert person.log_in().status_code == 200
        assert verified_at(app, person) is not None
        run_due(app, "auth.send_letter")
        assert letters.of(old)[-1]["Subject"] == "The e-mail address of your account was changed"

    def test_is_found_by_colleagues(self, app: Application, person: Person, letters: Mailbox, api: ApiClient) -> None:
        new = fresh()
        ok(verify(app, ask(person, new, letters)), 204)
        found = ok(api.get(f"/users?q={new}"))["items"]
        assert [each["id"] for each in found] == [str(person.user_id)]
        assert len(ok(api.get(f"/audit?name=auth.email_changed&subject_id={person.user_id}"))["items"]) == 1

    def test_is_told_to_the_present_one_when_it_is_asked_for(
        self, app: Application, person: Person, letters: Mailbox
    ) -> None:
        ask(person, fresh(), letters)
        assert letters.of(person.email)[-1]["Subject"] == "Somebody asked to change your e-mail address"

    def test_is_not_had_by_a_stranger_whom_a_new_password_put_out(
        self, app: Application, person: Person, letters: Mailbox
    ) -> None:
        stolen = ask(person, fresh(), letters)
        with app.app_context():
            identities.set_password(person.user_id, NEW)
        assert faults(verify(app, stolen)) == {"/token": "dead_link"}
        assert person.log_in(NEW).status_code == 200

    def test_is_not_had_by_a_link_that_is_mailed_afterwards(
        self, app: Application, person: Person, letters: Mailbox
    ) -> None:
        wanted = fresh()
        ok(person.client().post("/auth/email", {"email": wanted}), 202)
        with app.app_context():
            identities.set_password(person.user_id, NEW)
        run_due(app, "auth.send_letter")
        assert faults(verify(app, letters.token(wanted))) == {"/token": "dead_link"}

    @pytest.mark.parametrize("end", ["others", "agency", "logout"])
    def test_takes_no_link_of_a_session_that_ended(
        self, app: Application, person: Person, agency: AgencyUnderTest, letters: Mailbox, end: str
    ) -> None:
        asking, wanted = person.client(), fresh()
        ok(asking.post("/auth/email", {"email": wanted}), 202)
        run_due(app, "auth.send_letter")
        if end == "others":
            ok(person.client().delete("/auth/sessions"), 204)
        elif end == "agency":
            ok(agency.member("owner").delete(f"/auth/members/{person.user_id}/sessions"), 204)
        else:
            ok(asking.post("/auth/logout"), 204)
        assert faults(verify(app, letters.token(wanted))) == {"/token": "dead_link"}
        assert person.log_in().status_code == 200

    def test_takes_a_link_once(self, app: Application, person: Person, letters: Mailbox) -> None:
        token = ask(person, fresh(), letters)
        ok(verify(app, token), 204)
        assert faults(verify(app, token)) == {"/token": "dead_link"}

    def test_takes_the_last_link_alone(self, app: Application, person: Person, letters: Mailbox) -> None:
        first = ask(person, fresh(), letters)
        ask(person, fresh(), letters)
        assert faults(verify(app, first)) == {"/token": "dead_link"}

    def test_of_somebody_else_is_told_to_them_and_answered_like_any_other(
        self, app: Application, person: Person, make_person: Callable[[], Person], letters: Mailbox
    ) -> None:
        other = make_person()
        client = person.client()
        free, taken = (client.post("/auth/email", {"email": email}) for email in (fresh(), other.email))
        assert (free.status_code, free.data) == (taken.status_code, taken.data) == (202, free.data)
        run_due(app, "auth.send_letter")
        assert letters.of(other.email)[-1]["Subject"] == "Your address belongs to your account"
        assert "#token=" not in letters.text(other.email)

    def test_that_somebody_took_meanwhile_is_refused(
        self, app: Application, person: Person, make_person: Callable[[], Person], letters: Mailbox
    ) -> None:
        other, wanted = make_person(), fresh()
        token = ask(person, wanted, letters)
        with app.app_context(), apart() as session:
            session.execute(update(User).where(User.id == other.user_id).values(email=wanted))
        assert faults(verify(app, token)) == {"/token": "address_taken"}
        assert person.log_in().status_code == 200

    def test_voids_what_was_sent_to_the_old_one(self, app: Application, person: Person, letters: Mailbox) -> None:
        ok(ApiClient(app).post("/auth/password/forgotten", {"email": person.email}), 202)
        run_due(app, "auth.send_letter")
        reset = letters.token(person.email)
        ok(verify(app, ask(person, fresh(), letters)), 204)
        body = {"token": reset, "password": "an entirely different phrase"}
        assert faults(ApiClient(app).post("/auth/password/reset", body)) == {"/token": "dead_link"}

    def test_wants_a_fresh_proof(self, app: Application, person: Person) -> None:
        client = person.client()
        with app.app_context(), apart() as session:
            mine = update(AuthSession).where(AuthSession.user_id == person.user_id)
            session.execute(mine.values(proven_at=clock.now() - timedelta(minutes=11)))
        app.extensions["tripfile.principals"].forget()
        assert problem(client.post("/auth/email", {"email": fresh()})) == (401, "step_up_required")
        change = {"current": PASSWORD, "new": "an entirely different phrase"}
        assert problem(client.post("/auth/password", change)) == (401, "step_up_required")

    def test_changes_in_every_agency(
        self, app: Application, person: Person, other_agency: AgencyUnderTest, letters: Mailbox
    ) -> None:
        person.join(other_agency)
        new = fresh()
        ok(verify(app, ask(person, new, letters)), 204)
        assert len(ok(other_agency.member("owner").get(f"/users?q={new}"))["items"]) == 1

    def test_changes_in_an_agency_that_is_suspended_meanwhile_and_is_told_there(
        self, app: Application, person: Person, other_agency: AgencyUnderTest, letters: Mailbox
    ) -> None:
        person.join(other_agency)
        new = fresh()
        token = ask(person, new, letters)
        with app.app_context(), unit_of_work(), acting_as(system(other_agency.id)):
            suspension.suspend()
        ok(verify(app, token), 204)
        with app.app_context(), unit_of_work(), acting_as(system(other_agency.id)):
            suspension.resume()
        owner = other_agency.member("owner")
        assert len(ok(owner.get(f"/users?q={new}"))["items"]) == 1
        assert len(ok(owner.get(f"/audit?name=auth.email_changed&subject_id={person.user_id}"))["items"]) == 1

    def test_is_nothing_to_an_agency_one_has_left(
        self, app: Application, person: Person, other_agency: AgencyUnderTest, letters: Mailbox
    ) -> None:
        person.join(other_agency)
        owner = other_agency.member("owner")
        ok(owner.post(f"/users/{person.user_id}/leave", {"successors": []}, version="*"))
        new = fresh()
        ok(verify(app, ask(person, new, letters)), 204)
        assert ok(owner.get(f"/users?q={new}"))["items"] == []
        assert ok(owner.get(f"/audit?name=auth.email_changed&subject_id={person.user_id}"))["items"] == []
