"""Logged calls that are corrected or deleted, and what they said before."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from core import clock, ids
from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.privacy import api as privacy
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from plugins.leads.service import erasure

Enquire = Callable[..., dict[str, Any]]
MISSED = {"direction": "inbound", "outcome": "no_answer", "note": "She rang twice."}


@pytest.fixture
def agent(agency: AgencyUnderTest) -> ApiClient:
    return agency.newcomer("agent", team="Africa")


@pytest.fixture
def lead(agent: ApiClient, enquire: Enquire) -> dict[str, Any]:
    return enquire(by=agent)


@pytest.fixture
def call(agent: ApiClient, lead: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = ok(agent.post(f"/leads/{lead['id']}/calls", MISSED), 201)
    return made


@pytest.fixture
def path(lead: dict[str, Any], call: dict[str, Any]) -> str:
    return f"/leads/{lead['id']}/calls/{call['id']}"


class TestCorrecting:
    def test_what_it_said_before_stays_with_it(self, agent: ApiClient, call: dict[str, Any], path: str) -> None:
        assert call["edited_at"] is None
        assert ok(agent.get(f"{path}/versions"))["items"] == []
        first = ok(agent.patch(path, {"note": "He rang twice.", "duration_seconds": 30}, version=call["version"]))
        second = ok(agent.patch(path, {"note": None}, version=first["version"]))
        assert (second["note"], second["duration_seconds"], second["direction"]) == (None, 30, "inbound")
        said = ok(agent.get(f"{path}/versions"))["items"]
        assert [(each["note"], each["duration_seconds"]) for each in said] == [
            ("He rang twice.", 30),
            ("She rang twice.", 0),
        ]
        assert (said[1]["written_at"], said[0]["written_at"]) == (call["created_at"], first["edited_at"])

    def test_it_is_told_without_anything_personal(
        self, agent: ApiClient, api: ApiClient, lead: dict[str, Any], call: dict[str, Any], path: str
    ) -> None:
        ok(agent.patch(path, {"note": "Ill.", "duration_seconds": 30}, version="*"))
        [event] = ok(api.get(f"/audit?subject_id={lead['id']}&name=leads.call_changed"))["items"]
        fields = ["duration_seconds", "note"]
        assert event["payload"] == {"lead_id": lead["id"], "call_id": call["id"], "fields": fields}
        assert (event["after"]["duration_seconds"], event["after"]["note"]) == (30, "[personal]")
        assert ok(api.get(f"/leads/{lead['id']}/timeline?kinds=call"))["items"][0]["data"]["edited"] is True

    def test_what_changes_nothing_is_no_correction(
        self, agent: ApiClient, api: ApiClient, lead: dict[str, Any], call: dict[str, Any], path: str
    ) -> None:
        for body in ({}, {"note": call["note"], "outcome": call["outcome"]}):
            assert ok(agent.patch(path, body, version=call["version"])) == call
        assert ok(api.get(f"/audit?subject_id={lead['id']}&name=leads.call_changed"))["items"] == []

    def test_one_that_was_contact_after_all_is_the_first(
        self, agent: ApiClient, lead: dict[str, Any], path: str
    ) -> None:
        assert ok(agent.get(f"/leads/{lead['id']}"))["status"] == "new"
        ok(agent.patch(path, {"outcome": "answered"}, version="*"))
        assert ok(agent.get(f"/leads/{lead['id']}"))["status"] == "contacted"
        ok(agent.patch(path, {"outcome": "no_answer"}, version="*"))
        # Steps are only ever added.
        assert ok(agent.get(f"/leads/{lead['id']}"))["status"] == "contacted"

    def test_of_two_at_once_one_has_to_look_again(self, agent: ApiClient, call: dict[str, Any], path: str) -> None:
        with ThreadPoolExecutor(2) as pool:
            answers = pool.map(
                lambda seconds: agent.patch(path, {"duration_seconds": seconds}, version=call["version"]).status_code,
                (10, 20),
            )
        assert sorted(answers) == [200, 412]
        assert len(ok(agent.get(f"{path}/versions"))["items"]) == 1

    def test_what_is_wrong_is_named(self, agent: ApiClient, call: dict[str, Any], path: str) -> None:
        tomorrow = (clock.now() + timedelta(days=1)).isoformat()
        assert faults(agent.patch(path, {"at": tomorrow}, version="*")) == {"/at": "future"}
        assert problem(agent.patch(path, {"author_id": str(ids.new())}, version="*")) == (422, "invalid")
        assert problem(agent.patch(path, {"note": "x"})) == (428, "precondition_required")
        assert ok(agent.get(path)) == call


class TestWhoMay:
    def test_whoever_logged_it_and_who_may_delete_leads(
        self, agency: AgencyUnderTest, agent: ApiClient, path: str
    ) -> None:
        colleague = agency.newcomer("agent", team="Africa")
        assert problem(colleague.patch(path, {"note": "x"}, version="*")) == (403, "call_of_somebody_else")
        assert problem(colleague.delete(path, version="*")) == (403, "call_of_somebody_else")
        assert problem(agency.member("read_only").patch(path, {"note": "x"}, version="*")) == (403, "forbidden")
        ok(agency.member("manager").patch(path, {"note": "Corrected."}, version="*"))
        ok(agency.member("manager").delete(path, version="*"), 204)

    def test_nobody_elsewhere(
        self,
        agency: AgencyUnderTest,
        other_agency: AgencyUnderTest,
        api: ApiClient,
        call: dict[str, Any],
        path: str,
        enquire: Enquire,
    ) -> None:
        elsewhere = f"/leads/{enquire()['id']}/calls/{call['id']}"
        for by, place in (
            (agency.newcomer("agent", team="Asia"), path),
            (other_agency.member(), path),
            (api, elsewhere),
        ):
            assert problem(by.patch(place, {"note": "x"}, version="*")) == (404, "not_found")
            assert problem(by.delete(place, version="*")) == (404, "not_found")
            assert problem(by.get(f"{place}/versions")) == (404, "not_found")


class TestDeleting:
    def test_it_is_gone_and_told_and_what_it_caused_stays(
        self, agent: ApiClient, api: ApiClient, lead: dict[str, Any], call: dict[str, Any], path: str
    ) -> None:
        ok(agent.patch(path, {"outcome": "answered"}, version="*"))
        assert problem(agent.delete(path, version=call["version"])) == (412, "precondition_failed")
        ok(agent.delete(path, version="*"), 204)
        assert problem(agent.get(path)) == (404, "not_found")
        assert ok(agent.get(f"/leads/{lead['id']}/calls"))["items"] == []
        assert ok(agent.get(f"/leads/{lead['id']}"))["status"] == "contacted"
        [event] = ok(api.get(f"/audit?subject_id={lead['id']}&name=leads.call_deleted"))["items"]
        assert event["payload"] == {"lead_id": lead["id"], "call_id": call["id"]}


class TestPrivacy:
    def test_what_was_said_before_is_handed_out_and_erased(
        self, agency: AgencyUnderTest, agent: ApiClient, lead: dict[str, Any], path: str
    ) -> None:
        ok(agent.patch(path, {"note": None}, version="*"))
        with agency.app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            person = privacy.Subject(kind=privacy.CONTACT, id=UUID(lead["contact_id"]))
            assert "leads_call_version" in {each.table for each in erasure.held(person)}
            done = {each.table: each.rows for each in erasure.erase(person)}
            assert done["leads_call_version"] == 1
            assert "leads_call_version" not in {each.table for each in erasure.held(person)}
