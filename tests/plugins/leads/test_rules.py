"""Rules that give out incoming leads, and explain their choice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from core import clock, ids
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from plugins.leads.schemas.rules import Conditions
from plugins.leads.service import routing
from tests.contract.statements import Statements

Enquire = Callable[..., dict[str, Any]]
RULES = "/leads/assignment-rules"


def rule(api: ApiClient, **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = ok(api.post(RULES, {"name": "Web", "method": "round_robin", **changes}), 201)
    return made


def passed_over(lead: dict[str, Any]) -> dict[str, str | None]:
    """Why each candidate of the last rule did not get a lead; None for who did."""
    considered = lead["assigned_because"]["rules"][-1]["considered"]
    return {each["user_id"]: each["passed_over"] for each in considered}


@pytest.fixture
def agents(agency: AgencyUnderTest) -> list[str]:
    """Three agents of a team."""
    return sorted(str(agency.newcomer("agent", team="Africa").user_id) for _ in range(3))


@pytest.fixture
def team(api: ApiClient, agents: list[str]) -> str:
    found: str = ok(api.get("/users/teams"))["items"][0]["id"]
    return found


class TestConditions:
    @pytest.mark.parametrize(
        ("conditions", "holds"),
        [
            ({}, True),
            ({"sources": ["web_form", "phone"]}, True),
            ({"sources": ["phone"]}, False),
            ({"kinds": ["group"]}, False),
            ({"languages": ["pt"]}, True),
            ({"languages": ["en"]}, False),
            ({"destinations": ["KÉNYA"]}, True),
            ({"destinations": ["Peru"]}, False),
            ({"budget_from": {"amount": "5000", "currency": "EUR"}}, True),
            ({"budget_below": {"amount": "5000", "currency": "EUR"}}, False),
            ({"budget_from": {"amount": "1", "currency": "USD"}}, False),
            ({"sources": ["web_form"], "kinds": ["group"]}, False),
        ],
    )
    def test_all_of_them_are_fulfilled(self, api: ApiClient, conditions: dict[str, Any], holds: bool) -> None:
        rule(api, conditions=conditions, role="agent")
        wish = {
            "source": "web_form",
            "language": "pt-BR",
            "destinations": ["Kenya", "Zanzibar"],
            "budget": {"amount": "5000", "currency": "EUR"},
        }
        tried = ok(api.post(f"{RULES}/try", wish))
        assert (tried["assigned_because"] is not None) == holds

    def test_a_lead_that_does_not_say_fulfils_no_condition_about_it(self) -> None:
        assert not routing.speaks(["en"], None)
        assert not routing.knows(["Kenya"], [])
        assert Conditions() == Conditions(sources=[])


class TestMethods:
    def test_in_turns_everybody_gets_one(self, api: ApiClient, enquire: Enquire, agents: list[str], team: str) -> None:
        made = rule(api, team_id=team)
        leads = [enquire() for _ in range(6)]
        assert [lead["owner_id"] for lead in leads] == agents * 2
        assert {lead["team_id"] for lead in leads} == {team}
        because = leads[0]["assigned_because"]
        assert (because["owner_id"], because["rules"][0]["rule_id"]) == (agents[0], made["id"])
        assert passed_over(leads[0]) == {agents[0]: None, agents[1]: "not_their_turn", agents[2]: "not_their_turn"}
        assert ok(api.get(f"/leads/{leads[0]['id']}"))["assigned_because"] == because

    def test_leads_at_once_go_to_different_members(
        self, api: ApiClient, enquire: Enquire, agents: list[str], team: str
    ) -> None:
        rule(api, team_id=team)
        with ThreadPoolExecutor(6) as pool:
            owners = list(pool.map(lambda _: enquire()["owner_id"], range(12)))
        assert Counter(owners) == dict.fromkeys(agents, 4)

    def test_the_fewest_open_leads_count_at_once_too(
        self, api: ApiClient, enquire: Enquire, agents: list[str], team: str
    ) -> None:
        for number, owner in enumerate(agents):
            for _ in range(number):
                enquire(owner_id=owner)
        made = rule(api, team_id=team, method="least_load")
        with ThreadPoolExecutor(3) as pool:
            owners = list(pool.map(lambda _: enquire()["owner_id"], range(3)))
        assert sorted(owners) == sorted([agents[0], agents[0], agents[1]])
        tried = ok(api.post(f"{RULES}/try", {}))["assigned_because"]["rules"]
        assert (tried[0]["rule_id"], {each["open_leads"] for each in tried[0]["considered"]}) == (made["id"], {2})

    def test_the_first_of_those_named_who_can(self, api: ApiClient, enquire: Enquire, agents: list[str]) -> None:
        rule(api, method="fixed", user_ids=[agents[2], agents[0]])
        lead = enquire()
        assert lead["owner_id"] == agents[2]
        assert passed_over(lead) == {agents[2]: None, agents[0]: "comes_later"}
        self.absent(api, agents[2])
        assert passed_over(enquire()) == {agents[0]: None, agents[2]: "absent"}

    def test_who_knows_the_language_and_the_place(
        self, api: ApiClient, enquire: Enquire, agents: list[str], team: str
    ) -> None:
        rule(api, team_id=team, method="skill")
        for owner, languages, places in ((agents[0], ["en"], ["Kenya"]), (agents[1], ["pt"], ["kenya"])):
            path = f"/leads/skills/{owner}"
            ok(api.call("PUT", path, json={"languages": languages, "destinations": places}))
        assert passed_over(enquire(language="pt-PT")) == {
            agents[0]: "lacks_language",
            agents[1]: None,
            agents[2]: "lacks_language",
        }
        nobody = enquire(destinations=["Peru"])
        assert (nobody["owner_id"], nobody["team_id"]) == (None, team)
        assert set(passed_over(nobody).values()) == {"lacks_destination"}

    def test_nobody_who_is_away_or_gone_or_may_not_write(
        self, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire, agents: list[str]
    ) -> None:
        reader = str(agency.newcomer("read_only").user_id)
        rule(api, user_ids=[*agents, reader])
        self.absent(api, agents[0])
        ok(api.patch(f"/users/{agents[1]}", {"state": "suspended"}, version="*"))
        assert passed_over(enquire()) == {
            agents[2]: None,
            agents[0]: "absent",
            agents[1]: "not_active",
            reader: "may_not_write",
        }

    def absent(self, api: ApiClient, user_id: str) -> None:
        now = clock.now()
        times = {"starts_at": now.isoformat(), "ends_at": (now + timedelta(days=1)).isoformat()}
        ok(api.post("/calendars/absences", {"user_id": user_id, **times}), 201)


class TestWorkingHours:
    def test_those_who_are_not_at_work_wait_for_it_or_are_passed_over(
        self, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire, agents: list[str], team: str
    ) -> None:
        other = str(agency.newcomer("agent", team="Asia").user_id)
        tomorrow = (clock.today("UTC") + timedelta(days=2)).strftime("%a").lower()
        hours = {"week": {tomorrow: [{"opens": "12:00", "closes": "13:00"}]}, "zone": "UTC", "country": None}
        ok(api.post("/calendars", {**hours, "team_id": team}), 201)
        day = [{"opens": "00:00", "closes": "24:00"}]
        always = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), day)
        ok(api.post("/calendars", {"week": always, "country": None}), 201)
        first = rule(api, team_id=team, position=1, only_at_work=True)
        second = rule(api, role="agent", position=2, only_at_work=True)
        lead = enquire()
        assert lead["owner_id"] == other
        assert [each["rule_id"] for each in lead["assigned_because"]["rules"]] == [first["id"], second["id"]]
        assert passed_over(lead) == {other: None, **dict.fromkeys(agents, "not_at_work")}
        ok(api.patch(f"{RULES}/{first['id']}", {"only_at_work": False}, version=1))
        assert enquire()["owner_id"] in agents


class TestWhatHappens:
    def test_nobody_can_so_the_team_sees_it_wait(
        self, api: ApiClient, enquire: Enquire, agents: list[str], team: str
    ) -> None:
        made = rule(api, team_id=team, method="skill")
        lead = enquire(language="fr")
        assert (lead["owner_id"], lead["team_id"], lead["assigned_because"]["owner_id"]) == (None, team, None)
        [event] = ok(api.get(f"/audit?subject_id={lead['id']}&name=leads.lead_not_given_out"))["items"]
        assert event["payload"]["rule_ids"] == [made["id"]]

    @pytest.mark.parametrize("named", ["owner_id", "team_id"])
    def test_whoever_is_named_has_it_and_it_was_nobodys_turn(
        self, api: ApiClient, enquire: Enquire, agents: list[str], team: str, named: str
    ) -> None:
        rule(api, team_id=team, priority="urgent")
        lead = enquire(**{named: (who := {"owner_id": str(api.user_id), "team_id": team}[named])})
        told = (lead[named], lead["priority"], lead["assigned_because"])
        assert (*told, enquire()["owner_id"]) == (who, "urgent", None, agents[0])

    def test_where_no_rule_holds_it_is_its_makers(
        self, api: ApiClient, enquire: Enquire, agents: list[str], team: str
    ) -> None:
        rule(api, team_id=team, conditions={"sources": ["phone"]})
        lead = enquire()
        assert (lead["owner_id"], lead["assigned_because"]) == (str(api.user_id), None)

    def test_somebodys_word_takes_the_place_of_the_reason(
        self, api: ApiClient, enquire: Enquire, agents: list[str], team: str
    ) -> None:
        rule(api, team_id=team)
        lead = enquire()
        body = {"owner_id": agents[1]}
        assert ok(api.post(f"/leads/{lead['id']}/assignment", body, version="*"))["assigned_because"] is None

    def test_rules_say_how_much_it_hurries(self, api: ApiClient, enquire: Enquire, agents: list[str]) -> None:
        rule(api, method=None, priority="urgent", conditions={"sources": ["phone"]})
        lead = enquire(source="phone")
        assert (lead["priority"], lead["owner_id"], lead["assigned_because"]) == ("urgent", str(api.user_id), None)
        assert enquire(source="phone", priority="low")["priority"] == "low"
        assert enquire()["priority"] == "normal"

    def test_trying_takes_nobodys_turn(self, api: ApiClient, enquire: Enquire, agents: list[str], team: str) -> None:
        rule(api, team_id=team)
        assert faults(api.post(f"{RULES}/try", {"brand_id": str(ids.new())})) == {"/brand_id": "unknown"}
        tried = [ok(api.post(f"{RULES}/try", {}))["owner_id"] for _ in range(2)]
        assert [*tried, enquire()["owner_id"]] == [agents[0]] * 3

    def test_rules_that_are_off_or_gone_do_nothing(
        self, api: ApiClient, enquire: Enquire, agents: list[str], team: str
    ) -> None:
        made = rule(api, team_id=team)
        ok(api.patch(f"{RULES}/{made['id']}", {"active": False}, version=1))
        assert enquire()["assigned_because"] is None
        ok(api.patch(f"{RULES}/{made['id']}", {"active": True}, version=2))
        assert enquire()["owner_id"] == agents[0]
        ok(api.delete(f"{RULES}/{made['id']}", version="*"), 204)
        assert enquire()["assigned_because"] is None

    def test_only_leads_of_agencies_with_rules_cost_more(
        self, api: ApiClient, enquire: Enquire, agents: list[str], team: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def cost() -> int:
            enquire()
            seen = Statements()
            with seen.watching(monkeypatch):
                enquire()
            return seen.of_the_application

        without = cost()
        made = rule(api, team_id=team)
        # Candidates, who is away, whose turn it is, and that it was.
        assert cost() == without + 4
        ok(api.patch(f"{RULES}/{made['id']}", {"method": "skill", "only_at_work": True}, version="*"))
        # Nobody knows anything, so nobody's turn is asked for; hours and skills are.
        assert cost() == without + 4
        ok(api.patch(f"{RULES}/{made['id']}", {"conditions": {"sources": ["phone"]}}, version="*"))
        assert cost() == without


class TestRules:
    def test_are_managers_business(
        self, agency: AgencyUnderTest, other_agency: AgencyUnderTest, api: ApiClient
    ) -> None:
        made = rule(api, role="agent")
        ok(agency.member("manager").get(RULES))
        assert problem(agency.member("agent").get(RULES)) == (403, "forbidden")
        assert problem(other_agency.member().get(f"{RULES}/{made['id']}")) == (404, "not_found")
        assert ok(other_agency.member().post(f"{RULES}/try", {}))["assigned_because"] is None

    def test_what_is_wrong_is_named_and_nothing_is_made(self, api: ApiClient) -> None:
        nobody = str(ids.new())
        body = {
            "name": "Web",
            "method": "fixed",
            "team_id": nobody,
            "user_ids": [nobody],
            "conditions": {
                "brand_ids": [nobody],
                "budget_from": {"amount": "1", "currency": "EUR"},
                "budget_below": {"amount": "1", "currency": "USD"},
            },
        }
        assert faults(api.post(RULES, body)) == {
            "/team_id": "unknown",
            "/user_ids/0": "unknown",
            "/conditions/brand_ids/0": "unknown",
            "/conditions/budget_below/currency": "differs",
        }
        assert faults(api.post(RULES, {"name": "Web", "method": "fixed"})) == {"/user_ids": "required"}
        assert faults(api.post(RULES, {"name": "Web"})) == {"/method": "required"}
        assert faults(api.post(RULES, {"name": "Web", "method": "fixed", "role": "nobody"})) == {"/role": "unknown"}
        assert ok(api.get(RULES))["items"] == []
        made = rule(api, role="agent")
        assert faults(api.patch(f"{RULES}/{made['id']}", {"role": None}, version=1)) == {"/user_ids": "required"}

    def test_skills_are_of_members(self, api: ApiClient, agents: list[str]) -> None:
        body = {"languages": ["xx-nothing"], "destinations": []}
        assert problem(api.call("PUT", f"/leads/skills/{ids.new()}", json=body)) == (404, "not_found")
        assert faults(api.call("PUT", f"/leads/skills/{agents[0]}", json=body)) == {"/languages/0": "language"}
        for _ in range(2):
            ok(api.call("PUT", f"/leads/skills/{agents[0]}", json={"languages": ["pt"]}))
        assert [each["languages"] for each in ok(api.get("/leads/skills"))["items"]] == [["pt"]]
