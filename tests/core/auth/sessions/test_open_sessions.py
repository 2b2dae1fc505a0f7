"""Seeing where one is signed in and ending it, for oneself and for those one answers for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine

from core import clock, ids
from core.auth.models import AuthSession
from core.auth.sessions.listing import MOST_SESSIONS
from core.db.session import apart
from core.http.application import Application
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from tests.core.auth.conftest import Person, eventually, refresh
from tests.core.auth.forging import claims_of

REFUSED = (401, "invalid_token")


def id_of(client: ApiClient) -> str:
    found: str = claims_of(str(client.token))["sid"]
    return found


def listed(client: ApiClient) -> dict[str, dict[str, Any]]:
    return {each["id"]: each for each in ok(client.get("/auth/sessions"))["items"]}


def gone(client: ApiClient) -> bool:
    return client.get("/auth/me").status_code == 401


class TestList:
    def test_shows_where_one_is_signed_in_and_which_one_this_is(
        self, person: Person, agency: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        person.join(other_agency)
        here, there = person.client(), person.client(agency=other_agency.slug)
        found = listed(here)
        assert found.keys() == {id_of(here), id_of(there)}
        assert [each["current"] for each in found.values()] == [False, True]
        assert found[id_of(there)]["agency"]["slug"] == other_agency.slug
        mine = found[id_of(here)]
        assert (mine["agency"]["slug"], mine["ip"], mine["methods"]) == (agency.slug, "127.0.0.1", ["pwd"])
        assert mine["impersonated"] is False

    def test_leaves_out_those_of_others_and_those_that_are_over(
        self, app: Application, person: Person, agency: AgencyUnderTest
    ) -> None:
        agency.newcomer("agent")
        first, second = person.client(), person.client()
        ok(first.post("/auth/logout"), 204)
        assert listed(second).keys() == {id_of(second)}
        used = person.tokens()
        with time_machine.travel(datetime.now(UTC) + timedelta(days=13)):
            used = ok(refresh(app, used["refresh_token"]))
        with time_machine.travel(datetime.now(UTC) + timedelta(days=15)):
            again = ok(refresh(app, used["refresh_token"]))
            client = ApiClient(app, again["access_token"])
            assert listed(client).keys() == {id_of(client)}

    def test_is_bounded(self, app: Application, person: Person) -> None:
        client = person.client()
        session = {"user_id": person.user_id, "agency_id": ok(client.get("/auth/me"))["agency"]["id"], "counter": 0}
        with app.app_context(), apart() as work:
            work.add_all(AuthSession(**session, expires_at=clock.now() + timedelta(days=1)) for _ in range(220))
        assert len(listed(client)) == MOST_SESSIONS


class TestEndingOnesOwn:
    def test_ends_tokens_at_once_and_tells_the_log(self, app: Application, person: Person, api: ApiClient) -> None:
        here, lost = person.client(), person.tokens()
        stolen = ApiClient(app, lost["access_token"])
        ok(stolen.get("/auth/me"))
        ok(here.delete(f"/auth/sessions/{id_of(stolen)}"), 204)
        assert problem(stolen.get("/auth/me")) == REFUSED
        assert problem(refresh(app, lost["refresh_token"])) == REFUSED
        ok(here.get("/auth/me"))
        (event,) = ok(api.get(f"/audit?name=auth.session_revoked&subject_id={id_of(stolen)}"))["items"]
        assert event["payload"]["reason"] == "ended_by_person"
        assert event["actor_id"] == str(person.user_id)

    def test_in_another_process_too_within_two_seconds(self, elsewhere: Application, person: Person) -> None:
        here, lost = person.client(), person.client()
        there = ApiClient(elsewhere, lost.token)
        ok(there.get("/auth/me"))
        ok(here.delete(f"/auth/sessions/{id_of(lost)}"), 204)
        eventually(lambda: gone(there))

    def test_what_is_not_ones_own_does_not_exist(self, person: Person, api: ApiClient) -> None:
        mine, ended = person.client(), person.client()
        ok(ended.post("/auth/logout"), 204)
        for session_id in (id_of(api), id_of(ended), str(ids.new())):
            assert problem(mine.delete(f"/auth/sessions/{session_id}")) == (404, "not_found")
        ok(api.get("/auth/me"))

    def test_all_but_this_one_in_every_agency(
        self, person: Person, api: ApiClient, other_agency: AgencyUnderTest
    ) -> None:
        person.join(other_agency)
        here, second, elsewhere = person.client(), person.client(), person.client(agency=other_agency.slug)
        ok(here.delete("/auth/sessions"), 204)
        assert gone(second)
        assert gone(elsewhere)
        ok(here.get("/auth/me"))
        for owner in (api, other_agency.member("owner")):
            (event,) = ok(owner.get(f"/audit?name=auth.member_signed_out&subject_id={person.user_id}"))["items"]
            assert event["payload"]["sessions"] == 1


class TestEndingThoseOfAMember:
    def test_ends_them_in_this_agency_and_nowhere_else(
        self, app: Application, person: Person, api: ApiClient, other_agency: AgencyUnderTest
    ) -> None:
        person.join(other_agency)
        pair, second, elsewhere = person.tokens(), person.client(), person.client(agency=other_agency.slug)
        first = ApiClient(app, pair["access_token"])
        ok(first.get("/auth/me"))
        ok(api.delete(f"/auth/members/{person.user_id}/sessions"), 204)
        assert gone(first)
        assert gone(second)
        assert problem(refresh(app, pair["refresh_token"])) == REFUSED
        ok(elsewhere.get("/auth/me"))
        (event,) = ok(api.get(f"/audit?name=auth.member_signed_out&subject_id={person.user_id}"))["items"]
        assert event["payload"]["sessions"] == 2
        assert event["actor_id"] == str(api.user_id)

    def test_asks_for_the_right_and_a_member(
        self, person: Person, api: ApiClient, agency: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        path = f"/auth/members/{person.user_id}/sessions"
        assert problem(agency.member("manager").delete(path)) == (403, "forbidden")
        assert problem(other_agency.member("owner").delete(path)) == (404, "not_found")
        assert problem(api.delete(f"/auth/members/{ids.new()}/sessions")) == (404, "not_found")
        ok(person.client().get("/auth/me"))


class TestEndingThoseOfAnAgency:
    def test_ends_all_but_ones_own_and_none_of_another_agency(
        self,
        app: Application,
        elsewhere: Application,
        person: Person,
        api: ApiClient,
        agency: AgencyUnderTest,
        other_agency: AgencyUnderTest,
    ) -> None:
        pair, second = person.tokens(), agency.newcomer("admin")
        first, there = ApiClient(app, pair["access_token"]), ApiClient(elsewhere, second.token)
        stranger = other_agency.newcomer("agent")
        for client in (first, second, there, stranger):
            ok(client.get("/auth/me"))
        ok(api.post("/auth/agency/sign-out", {"agency": agency.slug}), 204)
        for client in (first, second):
            assert gone(client)
        eventually(lambda: gone(there))
        assert problem(refresh(app, pair["refresh_token"])) == REFUSED
        for client in (api, stranger):
            ok(client.get("/auth/me"))
        (event,) = ok(api.get(f"/audit?name=auth.agency_signed_out&subject_id={agency.id}"))["items"]
        assert event["payload"]["sessions"] >= 2

    def test_asks_for_the_right(self, agency: AgencyUnderTest) -> None:
        for role in ("manager", "agent", "accountant", "operations", "read_only"):
            answer = agency.member(role).post("/auth/agency/sign-out", {"agency": agency.slug})
            assert problem(answer) == (403, "forbidden")

    def test_is_not_done_by_mistake(
        self, api: ApiClient, agency: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        colleague = agency.newcomer("agent")
        for slug in ("", agency.slug.upper(), other_agency.slug):
            assert faults(api.post("/auth/agency/sign-out", {"agency": slug})) == {"/agency": "value"}
        ok(colleague.get("/auth/me"))
