"""Scores of leads: what they come from, and when they are reckoned anew."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from core import clock
from core.extensions import db
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from plugins.leads import jobs
from plugins.leads.models import Lead
from tests.contract.statements import Statements
from tests.plugins.leads.scorer import RULES, Scorer, labels, rule, score

Enquire = Callable[..., dict[str, Any]]


class TestANewAgency:
    def test_scores_by_rules_that_say_why(self, api: ApiClient, enquire: Enquire, scorer: Scorer) -> None:
        lead = enquire()
        assert (lead["score"], lead["score_band"], score(api, lead)["computed_at"]) == (None, None, None)
        scorer.follow()
        assert labels(api, lead) == {"Can be written to": 5, "Has fixed days": 15, "Has named a budget": 15}
        shown = score(api, lead)
        assert (shown["score"], shown["points"], shown["band"], shown["suggestions"]) == (35, 35, "cold", [])
        assert shown["computed_at"] is not None
        assert {each["rule_id"] for each in shown["rules"]} <= {each["id"] for each in ok(api.get(RULES))["items"]}

    def test_days_that_nobody_has_named_are_not_fixed(self, api: ApiClient, enquire: Enquire, scorer: Scorer) -> None:
        lead = enquire(start_date=None, end_date=None)
        scorer.follow()
        assert (lead["date_mode"], "Has fixed days" in labels(api, lead)) == ("fixed", False)

    def test_the_score_is_in_the_lead_and_in_its_list(self, api: ApiClient, enquire: Enquire, scorer: Scorer) -> None:
        low, high, unscored = enquire(date_mode=None, budget=None), enquire(), enquire()
        scorer.follow()
        with scorer.work():
            values = {"score": None, "score_band": None, "updated_at": Lead.updated_at}
            db.session.execute(update(Lead).where(Lead.id == UUID(unscored["id"])).values(**values))
        shown = ok(api.get(f"/leads/{high['id']}"))
        assert (shown["score"], shown["score_band"], shown["version"]) == (35, "cold", high["version"])
        assert shown["updated_at"] == high["updated_at"]
        order = [each["id"] for each in ok(api.get("/leads?sort=-score"))["items"]]
        assert order == [high["id"], low["id"], unscored["id"]]
        assert [each["id"] for each in ok(api.get("/leads?score.gte=35"))["items"]] == [high["id"]]
        assert {each["id"] for each in ok(api.get("/leads?score_band=cold"))["items"]} == {high["id"], low["id"]}
        assert [each["id"] for each in ok(api.get("/leads?score_band.null=true"))["items"]] == [unscored["id"]]
        assert set(faults(api.get("/leads?score.gte=99999999999999999999"))) == {"?score.gte"}

    def test_making_a_lead_takes_no_statement_more(
        self, api: ApiClient, enquire: Enquire, bare: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def cost() -> int:
            enquire()
            seen = Statements()
            with seen.watching(monkeypatch):
                enquire()
            return seen.of_the_application

        without = cost()
        ok(api.post("/leads/scoring/reset"))
        assert cost() == without

    def test_a_lead_and_its_score_are_one_statement_each(
        self, api: ApiClient, enquire: Enquire, scorer: Scorer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lead = enquire()
        scorer.follow()
        paths = (f"/leads/{lead['id']}", f"/leads/{lead['id']}/score", "/leads?sort=-score")
        for path in paths:
            ok(api.get(path))
        seen = Statements()
        with seen.watching(monkeypatch):
            for path in paths:
                ok(api.get(path))
        assert seen.of_the_application == len(paths)


class TestConditions:
    @pytest.mark.parametrize(
        ("conditions", "holds"),
        [
            ({"statuses": ["new"]}, True),
            ({"statuses": ["qualified"]}, False),
            ({"date_modes": ["fixed"]}, True),
            ({"has_start_date": True}, True),
            ({"has_start_date": False}, False),
            ({"has_budget": True}, True),
            ({"has_budget": False}, False),
            ({"repeat_client": False}, True),
            ({"repeat_client": True}, False),
            ({"has_phone": True}, False),
            ({"has_phone": False}, True),
            ({"has_email": True}, True),
            ({"party_from": 4}, True),
            ({"party_from": 5}, False),
            ({"party_below": 5}, True),
            ({"party_below": 4}, False),
            ({"starts_within_days": 10}, True),
            ({"starts_within_days": 9}, False),
            ({"starts_after_days": 9}, True),
            ({"starts_after_days": 10}, False),
            ({"calls_from": 1}, False),
            ({"idle_days_below": 1}, True),
            ({"idle_days_from": 1}, False),
            ({"sources": ["web_form"], "destinations": ["KÉNYA"]}, True),
            ({"sources": ["phone"], "destinations": ["KÉNYA"]}, False),
            ({"budget_from": {"amount": "5000", "currency": "EUR"}}, True),
            ({"budget_below": {"amount": "5000", "currency": "EUR"}}, False),
        ],
    )
    def test_all_of_them_are_fulfilled(
        self, api: ApiClient, enquire: Enquire, scorer: Scorer, bare: None, conditions: dict[str, Any], holds: bool
    ) -> None:
        rule(api, "Asked", 10, **conditions)
        start = clock.today("UTC") + timedelta(days=10)
        lead = enquire(source="web_form", children_ages=[3], infants=1, start_date=start.isoformat())
        scorer.follow()
        assert (score(api, lead)["score"] == 10) == holds

    def test_a_lead_that_does_not_say_fulfils_none_about_it(
        self, api: ApiClient, enquire: Enquire, scorer: Scorer, bare: None
    ) -> None:
        for number, asked in enumerate(({"party_below": 9}, {"starts_after_days": 0}, {"starts_within_days": 3650})):
            rule(api, f"Rule {number}", 10, **asked)
        lead = enquire(adults=None, start_date=None)
        scorer.follow()
        assert labels(api, lead) == {}


class TestWhatHappens:
    def test_a_call_counts_and_so_do_those_of_a_lead_that_went_into_it(
        self, api: ApiClient, enquire: Enquire, scorer: Scorer, bare: None
    ) -> None:
        rule(api, "Called", 10, calls_from=1)
        rule(api, "Talked twice", 20, answered_from=2)
        lead = enquire()
        other = enquire(contact_id=lead["contact_id"])
        for each, outcome in ((lead, "answered"), (other, "answered"), (lead, "busy")):
            ok(api.post(f"/leads/{each['id']}/calls", {"direction": "outbound", "outcome": outcome}), 201)
        scorer.follow()
        assert (labels(api, lead), labels(api, other)) == ({"Called": 10}, {"Called": 10})
        version = ok(api.get(f"/leads/{other['id']}"))["version"]
        merged = {"other_id": other["id"], "other_version": version}
        ok(api.post(f"/leads/{lead['id']}/merge", merged, version="*"))
        scorer.follow()
        assert labels(api, lead) == {"Called": 10, "Talked twice": 20}
        assert problem(api.get(f"/leads/{other['id']}/score"))[0] == 410

    def test_a_client_who_has_travelled_is_known_in_all_their_leads(
        self, api: ApiClient, enquire: Enquire, scorer: Scorer, bare: None
    ) -> None:
        rule(api, "Has travelled", 30, repeat_client=True)
        first = enquire()
        second = ok(api.post("/leads", {"contact_id": first["contact_id"]}), 201)
        scorer.follow()
        assert labels(api, second) == {}
        for to in ("contacted", "qualified", "proposal_sent", "won"):
            ok(api.post(f"/leads/{first['id']}/status", {"to": to, "note": "Said so."}, version="*"))
        scorer.follow()
        assert labels(api, second) == {"Has travelled": 30}
        ok(api.post(f"/leads/{first['id']}/status", {"to": "negotiation"}, version="*"))
        scorer.follow()
        assert (labels(api, first), labels(api, second)) == ({}, {})

    def test_a_number_that_the_contact_gets_counts(
        self, api: ApiClient, enquire: Enquire, scorer: Scorer, bare: None
    ) -> None:
        rule(api, "Phone", 10, has_phone=True)
        lead = enquire()
        phones = {"phones": [{"number": "+351912345678"}]}
        ok(api.patch(f"/contacts/{lead['contact_id']}", phones, version="*"))
        scorer.follow()
        assert labels(api, lead) == {"Phone": 10}

    def test_days_that_pass_count_at_night(self, api: ApiClient, enquire: Enquire, scorer: Scorer, bare: None) -> None:
        rule(api, "Warm anyway", 50)
        rule(api, "Idle", -20, idle_days_from=14)
        rule(api, "Lately", 5, idle_days_below=14)
        lead, talked = enquire(), enquire()
        for each in (lead, talked):
            scorer.age(each, days=20)
        ok(api.post(f"/leads/{talked['id']}/notes", {"text": "They wrote."}), 201)
        scorer.follow()
        before = score(api, talked)["computed_at"]
        with scorer.work():
            jobs.score_every_night()
        assert scorer.run(jobs.score_open.name) == 1
        assert (score(api, lead)["score"], score(api, talked)["score"]) == (30, 55)
        assert score(api, talked)["computed_at"] > before

    def test_a_closed_lead_keeps_its_last_score(
        self, api: ApiClient, enquire: Enquire, scorer: Scorer, bare: None
    ) -> None:
        rule(api, "All", 50)
        lead = enquire()
        scorer.follow()
        lost = {"to": "lost", "reason": "price", "note": "Too dear."}
        ok(api.post(f"/leads/{lead['id']}/status", lost, version="*"))
        made = rule(api, "More", 30)
        scorer.follow()
        scorer.rescore()
        assert (score(api, lead)["score"], labels(api, lead)) == (50, {"All": 50})
        ok(api.post(f"/leads/{lead['id']}/status", {"to": "qualified"}, version="*"))
        scorer.follow()
        assert labels(api, lead) == {"All": 50, made["label"]: 30}

    def test_it_is_kept_between_nothing_and_a_hundred(
        self, api: ApiClient, enquire: Enquire, scorer: Scorer, bare: None
    ) -> None:
        high, low = rule(api, "High", 100), rule(api, "Higher", 90)
        lead = enquire()
        scorer.follow()
        assert (score(api, lead)["score"], score(api, lead)["points"]) == (100, 190)
        for each in (high, low):
            ok(api.patch(f"{RULES}/{each['id']}", {"points": -90}, version=1))
        scorer.rescore()
        assert (score(api, lead)["score"], score(api, lead)["points"]) == (0, -180)

    def test_what_is_told_of_a_lead_tells_of_its_score(
        self, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire, scorer: Scorer
    ) -> None:
        lead = enquire()
        scorer.follow()
        ok(agency.member("read_only").get(f"/leads/{lead['id']}/score"))
        stranger = agency.newcomer("agent", team="Asia")
        assert problem(stranger.get(f"/leads/{lead['id']}/score")) == (404, "not_found")
