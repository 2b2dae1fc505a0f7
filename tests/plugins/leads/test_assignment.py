"""Handing leads over, and who sees which."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest

Enquire = Callable[..., dict[str, Any]]


class TestAssign:
    def test_a_lead_goes_to_another_owner(self, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire) -> None:
        colleague = agency.member("agent", team="Asia")
        lead = enquire()
        handed = ok(api.post(f"/leads/{lead['id']}/assignment", {"owner_id": str(colleague.user_id)}, version=1))
        assert handed["owner_id"] == str(colleague.user_id)
        assert ok(colleague.get(f"/leads/{lead['id']}"))["id"] == lead["id"]
        event = ok(api.get(f"/audit?subject_id={lead['id']}&name=leads.lead_assigned"))["items"][0]
        assert event["payload"]["from_owner_id"] == str(api.user_id)

    def test_to_whom_it_is_already_given_is_no_news(self, api: ApiClient, enquire: Enquire) -> None:
        lead = enquire()
        path = f"/leads/{lead['id']}/assignment"
        assert ok(api.post(path, {"owner_id": lead["owner_id"]}, version=1)) == lead
        assert problem(api.post(path, {"owner_id": lead["owner_id"]}, version=7)) == (412, "precondition_failed")
        assert ok(api.get(f"/audit?subject_id={lead['id']}&name=leads.lead_assigned"))["items"] == []

    def test_a_won_lead_keeps_its_owner(self, api: ApiClient, enquire: Enquire) -> None:
        lead = enquire()
        for status in ("qualified", "proposal_sent", "won"):
            ok(api.post(f"/leads/{lead['id']}/status", {"to": status, "note": "Yes"}, version="*"))
        answer = api.post(f"/leads/{lead['id']}/assignment", {"owner_id": None}, version="*")
        assert problem(answer) == (409, "lead_already_won")

    def test_somebody_of_another_agency_is_unknown(
        self, other_agency: AgencyUnderTest, api: ApiClient, enquire: Enquire
    ) -> None:
        stranger = other_agency.member("agent")
        answer = api.post(f"/leads/{enquire()['id']}/assignment", {"owner_id": str(stranger.user_id)}, version=1)
        assert faults(answer) == {"/owner_id": "unknown"}

    def test_an_agent_hands_over_their_own_and_still_sees_the_answer(
        self, agency: AgencyUnderTest, enquire: Enquire
    ) -> None:
        agent, colleague = agency.member("agent", team="Africa"), agency.member("agent", team="Asia")
        lead = enquire(by=agent)
        body = {"owner_id": str(colleague.user_id), "team_id": None}
        assert ok(agent.post(f"/leads/{lead['id']}/assignment", body, version=1))["owner_id"] == body["owner_id"]
        assert problem(agent.get(f"/leads/{lead['id']}")) == (404, "not_found")


class TestScope:
    def test_a_team_sees_its_own_leads_only(self, agency: AgencyUnderTest, enquire: Enquire) -> None:
        africa, asia = agency.member("agent", team="Africa"), agency.member("agent", team="Asia")
        mate = agency.newcomer("agent", team="Africa")
        lead = enquire(by=africa)
        assert [row["id"] for row in ok(mate.get("/leads"))["items"]] == [lead["id"]]
        assert ok(asia.get("/leads"))["items"] == []
        assert ok(asia.get("/leads?q=okri&count=exact"))["total"] == 0
        assert problem(asia.get(f"/leads/{lead['id']}")) == (404, "not_found")
        assert problem(asia.patch(f"/leads/{lead['id']}", {"adults": 9}, version="*")) == (404, "not_found")

    def test_handing_over_reaches_only_ones_own(self, agency: AgencyUnderTest, enquire: Enquire) -> None:
        agent, mate = agency.member("agent", team="Africa"), agency.newcomer("agent", team="Africa")
        lead = enquire(by=agent)
        ok(mate.get(f"/leads/{lead['id']}"))
        answer = mate.post(f"/leads/{lead['id']}/assignment", {"owner_id": str(mate.user_id)}, version=1)
        assert problem(answer) == (404, "not_found")

    def test_readers_see_all_and_change_nothing(self, agency: AgencyUnderTest, enquire: Enquire) -> None:
        lead, reader = enquire(), agency.member("read_only")
        ok(reader.get(f"/leads/{lead['id']}"))
        assert problem(reader.patch(f"/leads/{lead['id']}", {"adults": 9}, version=1)) == (403, "forbidden")
