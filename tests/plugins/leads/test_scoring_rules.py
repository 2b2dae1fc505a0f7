"""The rules by which leads are scored, and trying others."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from core import ids
from core.extensions import db
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from plugins.leads.models import ScoringRule
from plugins.leads.repository import scoring_rules
from plugins.leads.repository.scores import Facts
from plugins.leads.repository.scoring_rules import Policy, Rule
from plugins.leads.schemas.scored import Contribution
from plugins.leads.schemas.scores import MOST_RULES, ScoreConditions
from plugins.leads.service import score_rules, scoring
from tests.core.db.test_lock_order import until_somebody_waits
from tests.plugins.leads.scorer import Scorer, told

Enquire = Callable[..., dict[str, Any]]
RULES = "/leads/scoring/rules"
NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
LEAD = Facts(
    id=ids.new(),
    reference="L-27-00001",
    status="new",
    source="web_form",
    kind="fit",
    brand_id=None,
    language="en",
    destinations=["Kenya"],
    budget_minor=500_000,
    budget_currency="EUR",
    date_mode="fixed",
    start_date=date(2027, 5, 1),
    travellers=2,
    repeat_client=False,
    has_phone=True,
    has_email=True,
    calls=0,
    answered=0,
    active_at=NOW,
    owner_id=None,
    team_id=None,
    score=None,
    band=None,
    reasons=None,
    imported=False,
)
MOMENT = scoring.Moment(NOW, NOW.date())
conditions = st.sampled_from(
    [
        ScoreConditions(),
        ScoreConditions(has_phone=True),
        ScoreConditions(has_phone=False),
        ScoreConditions(sources=["phone"]),
        ScoreConditions(party_from=2),
        ScoreConditions(starts_within_days=30),
    ]
)
some_rules = st.lists(
    st.tuples(st.integers(-100, 100), conditions).map(lambda each: Rule(ids.new(), "Rule", *each)), max_size=20
)
some_words = st.lists(
    st.tuples(st.integers(-25, 25), st.sampled_from(["plugin", "ai"])).map(
        lambda each: Contribution("quotes.opened", each[0], "So.", each[1])  # type: ignore[arg-type] # sampled words
    ),
    max_size=4,
)


class TestTheFormula:
    @given(rules=some_rules, said=some_words, plugins=st.booleans(), ai=st.booleans())
    def test_is_the_sum_of_what_counts_between_nothing_and_a_hundred(
        self, rules: list[Rule], said: list[Contribution], plugins: bool, ai: bool
    ) -> None:
        policy = Policy(warm_from=40, hot_from=70, count_plugins=plugins, count_ai=ai, generation=0)
        made = scoring.score(LEAD, rules, policy, MOMENT, said)
        holding = [rule for rule in rules if scoring.holds(rule.conditions, LEAD, MOMENT)]
        assert [each.rule_id for each in made.reasons.rules] == [rule.id for rule in holding]
        counted = [each.points for each in said if (ai if each.kind == "ai" else plugins)]
        assert made.value == min(100, max(0, sum(rule.points for rule in holding) + sum(counted)))
        assert made.band == ("hot" if made.value >= 70 else "warm" if made.value >= 40 else "cold")
        assert [each.points for each in made.reasons.suggestions] == [each.points for each in said]

    @given(rules=some_rules)
    def test_does_not_ask_in_which_order_rules_stand(self, rules: list[Rule]) -> None:
        policy = Policy(40, 70, count_plugins=True, count_ai=False, generation=0)
        there, back = (scoring.score(LEAD, each, policy, MOMENT) for each in (rules, rules[::-1]))
        assert (there.value, there.band) == (back.value, back.band)

    def test_what_begins_today_begins_soon_and_what_has_begun_does_not(self) -> None:
        asked = ScoreConditions(starts_within_days=30)
        for day, holds in ((date(2027, 2, 28), False), (date(2027, 3, 1), True), (date(2027, 3, 31), True)):
            assert scoring.holds(asked, LEAD._replace(start_date=day), MOMENT) is holds
        assert not scoring.holds(asked, LEAD._replace(start_date=date(2027, 4, 1)), MOMENT)


class TestRules:
    def test_every_agency_begins_with_some_and_can_have_them_back(
        self, agency: AgencyUnderTest, other_agency: AgencyUnderTest, api: ApiClient
    ) -> None:
        first = ok(api.get(RULES))["items"]
        assert [each["label"] for each in first] == [each.label for each in score_rules.DEFAULTS]
        ok(api.delete(f"{RULES}/{first[0]['id']}", version=1), 204)
        ok(api.post(RULES, {"label": "Own", "points": 5}), 201)
        others = ok(other_agency.member().get(RULES))["items"]
        back = ok(api.post("/leads/scoring/reset"))["items"]
        assert [each["label"] for each in back] == [each["label"] for each in first]
        assert ok(other_agency.member().get(RULES))["items"] == others

    def test_are_managers_business(
        self, agency: AgencyUnderTest, other_agency: AgencyUnderTest, api: ApiClient
    ) -> None:
        made = ok(api.post(RULES, {"label": "Own", "points": 5}), 201)
        ok(agency.member("manager").get(RULES))
        agent = agency.member("agent")
        assert problem(agent.get(RULES)) == (403, "forbidden")
        assert problem(agent.post("/leads/scoring/try", {"rules": []})) == (403, "forbidden")
        assert problem(agent.post("/leads/scoring/reset")) == (403, "forbidden")
        assert problem(other_agency.member().get(f"{RULES}/{made['id']}")) == (404, "not_found")

    def test_what_is_wrong_is_named_and_nothing_is_made(self, api: ApiClient) -> None:
        before = ok(api.get(RULES))["items"]
        asked = {
            "brand_ids": [str(ids.new())],
            "budget_from": {"amount": "1", "currency": "EUR"},
            "budget_below": {"amount": "1", "currency": "USD"},
        }
        body = {"label": "Own", "points": 5, "conditions": asked}
        assert faults(api.post(RULES, body)) == {
            "/conditions/brand_ids/0": "unknown",
            "/conditions/budget_below/currency": "differs",
        }
        assert problem(api.post(RULES, {"label": "Own", "points": 101})) == (422, "invalid")
        unknown = {"label": "Own", "points": 5, "conditions": {"colour": "red"}}
        assert problem(api.post(RULES, unknown)) == (422, "invalid")
        tried = api.post("/leads/scoring/try", {"rules": [{"label": "Fine", "points": 1}, body]})
        assert set(faults(tried)) == {
            "/rules/1/conditions/brand_ids/0",
            "/rules/1/conditions/budget_below/currency",
        }
        made = ok(api.post(RULES, {"label": "Own", "points": 5}), 201)
        assert "/conditions/brand_ids/0" in faults(api.patch(f"{RULES}/{made['id']}", {"conditions": asked}, version=1))
        assert len(ok(api.get(RULES))["items"]) == len(before) + 1

    def test_one_that_can_never_hold_is_refused(self, api: ApiClient) -> None:
        euros = {
            "budget_from": {"amount": "5", "currency": "EUR"},
            "budget_below": {"amount": "5.00", "currency": "EUR"},
        }
        apart = {"party_from": 5, "party_below": 2, "idle_days_from": 7, "idle_days_below": 7}
        asked = {**euros, **apart, "starts_after_days": 30, "starts_within_days": 30}
        never = dict.fromkeys((f"/conditions/{name}" for name in asked if "below" in name or "within" in name), "order")
        assert faults(api.post(RULES, {"label": "Own", "points": 5, "conditions": asked})) == never
        narrow = {"party_from": 5, "party_below": 6, "starts_after_days": 30, "starts_within_days": 31}
        ok(api.post(RULES, {"label": "Own", "points": 5, "conditions": narrow}), 201)

    def test_are_not_without_number(self, api: ApiClient) -> None:
        there = len(ok(api.get(RULES))["items"])
        for number in range(MOST_RULES - there):
            ok(api.post(RULES, {"label": f"Rule {number}", "points": 1}), 201)
        assert faults(api.post(RULES, {"label": "Too many", "points": 1})) == {"": "too_many"}

    def test_one_that_is_off_gives_nothing(self, api: ApiClient, enquire: Enquire, scorer: Scorer) -> None:
        for each in ok(api.get(RULES))["items"]:
            ok(api.patch(f"{RULES}/{each['id']}", {"active": False}, version=1))
        lead = enquire()
        scorer.follow()
        assert ok(api.get(f"/leads/{lead['id']}/score"))["rules"] == []

    @pytest.mark.parametrize("what", ["patch", "delete"])
    def test_who_changes_one_while_all_are_put_back_waits_with_none_locked(
        self, api: ApiClient, scorer: Scorer, what: str
    ) -> None:
        made = ok(api.post(RULES, {"label": "All", "points": 10}), 201)
        path, body = f"{RULES}/{made['id']}", {"patch": [{"points": 20}], "delete": []}[what]
        with ThreadPoolExecutor(1) as pool, scorer.work():
            scoring_rules.policy_row()
            changed = pool.submit(getattr(api, what), path, *body, version="*")
            until_somebody_waits(10)
            mine = select(ScoringRule.id).where(ScoringRule.id == UUID(made["id"]))
            assert db.session.scalar(mine.with_for_update(nowait=True)) is not None
        assert changed.result().status_code in {200, 204}


class TestTrying:
    def test_shows_how_leads_would_be_spread_and_does_nothing(
        self, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire, scorer: Scorer
    ) -> None:
        small, large = enquire(), enquire(adults=8)
        closed = enquire()
        lost = {"to": "lost", "reason": "price", "note": "Too dear."}
        ok(api.post(f"/leads/{closed['id']}/status", lost, version="*"))
        scorer.follow()
        before = [ok(api.get(f"/leads/{each['id']}/score")) for each in (small, large)]
        rules = [
            {"label": "All", "points": 35},
            {"label": "Group", "points": 40, "conditions": {"party_from": 6}},
            {"label": "Off", "points": 90, "active": False},
        ]
        tried = ok(api.post("/leads/scoring/try", {"rules": rules}))
        assert (tried["leads"], tried["changed"]) == (2, 1)
        assert tried["before"] == {"cold": 1, "warm": 1, "hot": 0, "average": 40}
        assert tried["after"] == {"cold": 1, "warm": 0, "hot": 1, "average": 55}
        [changed] = tried["sample"]
        assert (changed["id"], changed["before"], changed["after"]) == (large["id"], 45, 75)
        assert (changed["band_before"], changed["band_after"], changed["labels"]) == ("warm", "hot", ["All", "Group"])
        assert [ok(api.get(f"/leads/{each['id']}/score")) for each in (small, large)] == before
        assert len(told(api, large)) == 1

    def test_keeps_what_plugins_said(self) -> None:
        said = Contribution("quotes.opened", 20, "So.")
        policy = Policy(40, 70, count_plugins=True, count_ai=False, generation=0)
        kept = LEAD._replace(reasons=scoring.score(LEAD, [], policy, MOMENT, [said]).reasons)
        assert score_rules.tried(kept, [], policy, MOMENT).value == 20

    def test_is_about_the_newest_ones_where_there_are_many(
        self, api: ApiClient, enquire: Enquire, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(score_rules, "TRIED", 2)
        for _ in range(3):
            enquire()
        assert ok(api.post("/leads/scoring/try", {"rules": []}))["leads"] == 2

    def test_of_no_leads_is_nothing(self, api: ApiClient) -> None:
        tried = ok(api.post("/leads/scoring/try", {"rules": []}))
        nothing = {"cold": 0, "warm": 0, "hot": 0, "average": 0}
        assert tried == {"leads": 0, "changed": 0, "before": nothing, "after": nothing, "sample": []}

    def test_names_only_leads_that_the_caller_sees(
        self, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire
    ) -> None:
        enquire()
        allowed = {"leads.scoring": "all", "leads.read": "own"}
        ok(api.post("/roles", {"code": "keeper", "name": "Keeper", "permissions": allowed}), 201)
        keeper = agency.newcomer("keeper")
        tried = ok(keeper.post("/leads/scoring/try", {"rules": [{"label": "All", "points": 90}]}))
        assert (tried["changed"], tried["sample"]) == (1, [])
