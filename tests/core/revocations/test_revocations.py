from __future__ import annotations

import time
from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import update

from core import clock, ids
from core.actor import system
from core.auth.accounts import identities
from core.auth.sessions import standing
from core.db.session import apart, unit_of_work
from core.db.tenancy import acting_as
from core.http.application import Application
from core.revocations.api import Revoked, Watch, revoke, watch
from core.revocations.watch import EVERY, STALE
from core.testing.clients import ApiClient, ok, problem, switch_off
from core.testing.factories import AgencyUnderTest
from core.users.models import User
from tests.core.auth.conftest import Person, eventually, refresh

REFUSED = (401, "invalid_token")


def feed(app: Application) -> Watch:
    found = watch(app)
    found._looked = float("-inf")
    with app.app_context():
        found.look()
    return found


class TestOtherProcesses:
    def test_a_session_that_ended_opens_no_door_within_two_seconds(
        self, elsewhere: Application, person: Person
    ) -> None:
        client = person.client()
        there = ApiClient(elsewhere, client.token)
        ok(there.get("/auth/me"))
        ok(there.get("/auth/me"))
        ok(client.post("/auth/logout"), 204)
        eventually(lambda: there.get("/auth/me").status_code == 401)

    def test_also_where_the_feed_cannot_be_read(
        self, elsewhere: Application, person: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client = person.client()
        there = ApiClient(elsewhere, client.token)
        ok(there.get("/auth/me"))
        ok(there.get("/auth/me"))

        def broken() -> None:
            raise ConnectionError("nobody there")

        monkeypatch.setattr(watch(elsewhere), "_pull", broken)
        ok(client.post("/auth/logout"), 204)
        eventually(lambda: there.get("/auth/me").status_code == 401, within=STALE + 0.5)

    def test_whoever_is_demoted_may_no_longer_within_two_seconds(
        self, elsewhere: Application, person: Person, api: ApiClient
    ) -> None:
        there = ApiClient(elsewhere, person.client().token)
        ok(there.post("/leads", {"contact": {"name": "Ana"}}), 201)
        ok(api.patch(f"/users/{person.user_id}", {"roles": ["read_only"]}, version="*"))
        eventually(lambda: there.post("/leads", {"contact": {"name": "Bea"}}).status_code == 403)

    def test_a_suspended_member_is_out_within_two_seconds(
        self, elsewhere: Application, person: Person, api: ApiClient
    ) -> None:
        there = ApiClient(elsewhere, person.client().token)
        ok(there.get("/auth/me"))
        ok(api.patch(f"/users/{person.user_id}", {"state": "suspended"}, version="*"))
        eventually(lambda: there.get("/auth/me").status_code == 401)

    def test_a_changed_role_counts_within_two_seconds(
        self, elsewhere: Application, person: Person, api: ApiClient
    ) -> None:
        role = ok(api.post("/roles", {"code": "desk", "name": "Desk", "permissions": {"leads.read": "own"}}), 201)
        ok(api.patch(f"/users/{person.user_id}", {"roles": ["desk"]}, version="*"))
        there = ApiClient(elsewhere, person.client().token)
        ok(there.get("/leads"))
        ok(api.patch(f"/roles/{UUID(role['id'])}", {"permissions": {"contacts.read": "all"}}, version="*"))
        eventually(lambda: there.get("/leads").status_code == 403)

    def test_a_plugin_that_is_switched_off_is_gone_within_two_seconds(
        self, elsewhere: Application, person: Person, api: ApiClient
    ) -> None:
        there = ApiClient(elsewhere, person.client().token)
        ok(there.get("/leads"))
        switch_off(api, "leads")
        eventually(lambda: there.get("/leads").status_code == 404)

    def test_a_new_password_ends_the_sessions_of_every_agency(
        self, elsewhere: Application, app: Application, person: Person, other_agency: AgencyUnderTest
    ) -> None:
        person.join(other_agency)
        tokens = [person.tokens(), person.tokens(agency=other_agency.slug)]
        clients = [ApiClient(elsewhere, each["access_token"]) for each in tokens]
        for client in clients:
            ok(client.get("/auth/me"))
        with app.app_context(), unit_of_work():
            identities.set_password(person.user_id, "another long and quiet passphrase")
        for client in clients:
            eventually(lambda client=client: client.get("/auth/me").status_code == 401)  # type: ignore[misc] # bound now

    def test_a_reused_refresh_token_ends_the_session(
        self, elsewhere: Application, app: Application, person: Person
    ) -> None:
        tokens = person.tokens()
        there = ApiClient(elsewhere, tokens["access_token"])
        ok(there.get("/auth/me"))
        second = ok(refresh(app, tokens["refresh_token"]))
        ok(refresh(app, second["refresh_token"]))
        assert problem(refresh(app, tokens["refresh_token"])) == REFUSED
        eventually(lambda: there.get("/auth/me").status_code == 401)


class TestThisProcess:
    def test_a_token_costs_no_question_while_nothing_is_revoked(
        self, person: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client = person.client()
        ok(client.get("/auth/me"))
        ok(client.get("/auth/me"))
        asked: list[UUID] = []
        monkeypatch.setattr(standing, "of", asked.append)
        deadline = time.monotonic() + 1.5 * EVERY
        while time.monotonic() < deadline:
            ok(client.get("/auth/me"))
        assert asked == []

    def test_somebody_elses_revocation_costs_no_question(
        self, person: Person, make_person: Callable[[], Person], agency: AgencyUnderTest,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        client, other = person.client(), make_person()
        other.join(agency)
        leaving = other.client()
        ok(client.get("/auth/me"))
        ok(client.get("/auth/me"))
        ok(leaving.post("/auth/logout"), 204)
        monkeypatch.setattr(standing, "of", lambda _session_id: None)
        ok(client.get("/auth/me"))

    def test_the_database_is_asked_every_minute_all_the_same(
        self, app: Application, person: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client = person.client()
        ok(client.get("/auth/me"))
        with app.app_context(), apart() as session:
            session.execute(update(User).where(User.id == person.user_id).values(disabled_at=clock.now()))
        ok(client.get("/auth/me"))
        monkeypatch.setattr("core.auth.sessions.principals.RECHECK_SECONDS", 0.0)
        assert problem(client.get("/auth/me")) == REFUSED

    def test_what_is_revoked_while_the_database_answers_is_not_missed(
        self, app: Application, person: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tokens = person.tokens()
        client = ApiClient(app, tokens["access_token"])
        answer = standing.of

        def answer_then_end(session_id: UUID) -> standing.Standing | None:
            found = answer(session_id)
            monkeypatch.setattr(standing, "of", answer)
            ok(ApiClient(app, tokens["access_token"]).post("/auth/logout"), 204)
            return found

        feed(app)
        monkeypatch.setattr(standing, "of", answer_then_end)
        client.get("/auth/me")
        assert problem(client.get("/auth/me")) == REFUSED

    def test_an_undone_revocation_tells_nobody(self, app: Application, agency: AgencyUnderTest) -> None:
        told: list[Revoked] = []
        subject = ids.new()
        off = watch(app).on(told.append)
        try:
            with app.app_context(), unit_of_work() as work, acting_as(system(agency.id)):
                revoke("member", subject)
                work.discard()
            with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
                revoke("member", agency.id)
            assert [each.subject_id for each in told] == [agency.id]
        finally:
            off()

    def test_what_is_remembered_is_bounded(self, app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("core.revocations.watch._REMEMBERED", 3)
        known = Watch(app)
        with app.app_context():
            known.look()
            before = time.monotonic()
            for _ in range(5):
                known.note(Revoked("session", ids.new(), ids.new(), ids.new()))
            assert len(known._noted) == len(known._ids) == 3
            # What the forgotten ones were about is nobody's guess, so it is checked.
            assert not known.holds(before, ids.new())
            assert known.holds(time.monotonic(), ids.new())
