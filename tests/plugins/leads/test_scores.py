"""Scores of leads: what they come from, when they are reckoned anew, and what plugins say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from core import clock
from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.events.following import follow_once
from core.extensions import db
from core.http.application import Application
from core.jobs import registry
from core.jobs.models import JobEntry
from core.plugins import hooks
from core.plugins.hookspecs import hookimpl
from core.plugins.manager import installed
from core.plugins.spec import Plugin
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from plugins.leads import api as leads_api
from plugins.leads import followers, jobs
from plugins.leads.events.scores import LeadScored
from plugins.leads.models import Lead
from plugins.leads.notices import HOT
from plugins.leads.schemas.scored import Contribution
from plugins.leads.service import scoring
from tests.contract.statements import Statements

Enquire = Callable[..., dict[str, Any]]
RULES = "/leads/scoring/rules"


class Scorer:
    """The agency's background work about scores, done when the test says so."""

    def __init__(self, agency: AgencyUnderTest) -> None:
        self.agency = agency

    @contextmanager
    def work(self) -> Iterator[None]:
        """A unit of work as the system in the agency."""
        with self.agency.app.app_context(), unit_of_work(), acting_as(system(self.agency.id)):
            yield

    def follow(self) -> None:
        """Score what something happened to."""
        follow_once(self.agency.app, names=[followers.SCORES.name], agencies=[self.agency.id])

    def waiting(self, name: str) -> list[JobEntry]:
        """The jobs of a name that wait."""
        mine = (JobEntry.agency_id == self.agency.id, JobEntry.state == "queued")
        with self.work():
            return list(db.session.scalars(select(JobEntry).where(JobEntry.name == name, *mine)))

    def run(self, name: str) -> int:
        """Do the jobs of a name that wait, and forget them; how many there were."""
        known, found = registry.known(self.agency.app), self.waiting(name)
        for each in found:
            with self.work():
                known[name].job.run(each.payload)
                db.session.execute(update(JobEntry).where(JobEntry.id == each.id).values(state="done"))
        return len(found)

    def rescore(self) -> None:
        """What follows from rules that changed."""
        self.run("leads.score_all")
        while self.run(jobs.score_open.name):
            pass

    def age(self, lead: dict[str, Any], *, days: int) -> None:
        """Have a lead have come in earlier."""
        at = clock.now() - timedelta(days=days)
        with self.work():
            values = {"created_at": at, "status_since": at, "updated_at": Lead.updated_at}
            db.session.execute(update(Lead).where(Lead.id == UUID(lead["id"])).values(**values))


@pytest.fixture
def scorer(agency: AgencyUnderTest) -> Scorer:
    return Scorer(agency)


@pytest.fixture
def bare(api: ApiClient, scorer: Scorer) -> None:
    """An agency without rules."""
    for each in ok(api.get(RULES))["items"]:
        ok(api.delete(f"{RULES}/{each['id']}", version="*"), 204)
    scorer.rescore()


def rule(api: ApiClient, label: str, points: int, **conditions: Any) -> dict[str, Any]:
    made: dict[str, Any] = ok(api.post(RULES, {"label": label, "points": points, "conditions": conditions}), 201)
    return made


def score(api: ApiClient, lead: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = ok(api.get(f"/leads/{lead['id']}/score"))
    return found


def labels(api: ApiClient, lead: dict[str, Any]) -> dict[str, int]:
    return {each["label"]: each["points"] for each in score(api, lead)["rules"]}


def told(api: ApiClient, lead: dict[str, Any]) -> list[dict[str, Any]]:
    return [each["payload"] for each in ok(api.get(f"/audit?subject_id={lead['id']}&name=leads.lead_scored"))["items"]]


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
        lead, other = enquire(), enquire()
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


class TestBands:
    def test_only_another_band_is_told(self, api: ApiClient, enquire: Enquire, scorer: Scorer, bare: None) -> None:
        rule(api, "New", 45)
        rule(api, "Contacted", 10, statuses=["contacted", "qualified"])
        rule(api, "Qualified", 20, statuses=["qualified"])
        lead = enquire()
        for to in ("contacted", "qualified"):
            scorer.follow()
            ok(api.post(f"/leads/{lead['id']}/status", {"to": to, "note": "Said so."}, version="*"))
        scorer.follow()
        bands = [(each["from_band"], each["band"], each["score"], each["by_rules"]) for each in told(api, lead)]
        assert bands == [("warm", "hot", 75, False), ("cold", "warm", 45, False)]

    def test_the_owner_hears_of_a_lead_that_becomes_hot_by_itself(
        self, agency: AgencyUnderTest, enquire: Enquire, scorer: Scorer
    ) -> None:
        agent = agency.member("agent", team="Africa")
        lead = enquire(by=agent)
        told: dict[str, Any] = {"lead_id": UUID(lead["id"]), "score": 80, "from_band": "warm"}
        with scorer.work():
            assert HOT.recipients(LeadScored(**told, band="hot", by_rules=False)) == [agent.user_id]
            assert HOT.recipients(LeadScored(**told, band="hot", by_rules=True)) == []
            assert HOT.recipients(LeadScored(**told, band="warm", by_rules=False)) == []
            words = HOT.words(LeadScored(**told, band="hot", by_rules=False))
            assert words == {"reference": lead["reference"], "score": "80"}

    def test_an_agency_says_where_they_begin(
        self, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire, scorer: Scorer, bare: None
    ) -> None:
        rule(api, "All", 50)
        lead = enquire()
        scorer.follow()
        assert score(api, lead)["band"] == "warm"
        ok(api.call("PUT", "/leads/scoring", json={"warm_from": 30, "hot_from": 50}))
        scorer.rescore()
        assert score(api, lead)["band"] == "hot"
        assert told(api, lead)[0]["by_rules"] is True
        assert ok(agency.member("agent").get("/leads/scoring"))["hot_from"] == 50
        wrong = api.call("PUT", "/leads/scoring", json={"warm_from": 50, "hot_from": 50})
        assert faults(wrong) == {"/hot_from": "order"}
        assert problem(agency.member("agent").call("PUT", "/leads/scoring", json={})) == (403, "forbidden")


class TestPlugins:
    """What others say of leads."""

    @pytest.fixture
    def say(self, app: Application) -> Iterator[Callable[[Callable[..., Any]], None]]:
        """Has a plugin answer."""
        with app.app_context():
            relay = installed().relay

        def register(answer: Callable[..., Any]) -> None:
            @hookimpl
            def leads_score(lead_ids: tuple[UUID, ...]) -> Any:
                return answer(lead_ids)

            module = ModuleType("quotes_hooks")
            vars(module)["leads_score"] = leads_score
            plugin = Plugin(name="quotes", version="1.0.0", core=">=1.0", summary="Quotes.", hooks=module)
            assert hooks.register(relay, plugin, switchable=False, known=frozenset()) == []

        yield register
        relay.unregister(name="quotes")

    def test_what_they_know_counts_and_what_an_ai_supposes_is_shown(
        self, api: ApiClient, enquire: Enquire, scorer: Scorer, bare: None, say: Any
    ) -> None:
        said = [Contribution("quotes.opened", 20, "Has opened the quote."), Contribution("ai.tone", 25, "Eager.", "ai")]
        say(lambda lead_ids: dict.fromkeys(lead_ids, said))
        rule(api, "All", 30)
        lead = enquire()
        scorer.follow()
        shown = score(api, lead)
        assert (shown["score"], labels(api, lead)) == (50, {"All": 30})
        assert [(each["name"], each["kind"], each["points"], each["counted"]) for each in shown["suggestions"]] == [
            ("quotes.opened", "plugin", 20, True),
            ("ai.tone", "ai", 25, False),
        ]
        ok(api.call("PUT", "/leads/scoring", json={"count_plugins": False, "count_ai": True}))
        scorer.rescore()
        assert (score(api, lead)["score"], score(api, lead)["points"]) == (55, 55)

    @pytest.mark.parametrize(
        "answer",
        [
            lambda lead_ids: 1 / 0,
            lambda lead_ids: db.session.execute(text("SELECT nothing FROM nowhere")),
            lambda lead_ids: {"nobody": []},
            lambda lead_ids: [object()],
            lambda lead_ids: {key: [Contribution("quotes.much", 26, "Too much.")] for key in lead_ids},
            lambda lead_ids: {key: [Contribution("Loud", 1, "No name.")] for key in lead_ids},
            lambda lead_ids: None,
        ],
    )
    def test_one_that_fails_has_said_nothing(
        self, api: ApiClient, enquire: Enquire, scorer: Scorer, bare: None, say: Any, answer: Any
    ) -> None:
        say(answer)
        rule(api, "All", 30)
        lead = enquire()
        scorer.follow()
        shown = score(api, lead)
        assert (shown["score"], shown["suggestions"]) == (30, [])

    def test_one_that_knows_more_later_has_leads_scored_again(
        self, api: ApiClient, enquire: Enquire, scorer: Scorer, bare: None, say: Any
    ) -> None:
        known: list[Contribution] = []
        say(lambda lead_ids: dict.fromkeys(lead_ids, known))
        lead = enquire()
        scorer.follow()
        known.append(Contribution("quotes.opened", 20, "Has opened the quote."))
        with scorer.work():
            leads_api.rescore([UUID(lead["id"])])
        assert scorer.run(jobs.score_some.name) == 1
        assert score(api, lead)["score"] == 20


class TestAtOnce:
    def test_who_reckons_later_knows_more(self, api: ApiClient, enquire: Enquire, scorer: Scorer, bare: None) -> None:
        """Ten reckon while rules come; the last rules decide, whoever began first."""
        leads = [enquire() for _ in range(5)]
        scorer.follow()

        def reckon(_number: int) -> None:
            with scorer.work():
                scoring.reckon([UUID(lead["id"]) for lead in leads])

        with ThreadPoolExecutor(4) as pool:
            running = [pool.submit(reckon, number) for number in range(10)]
            for number in range(3):
                rule(api, f"Rule {number}", 10)
            for each in running:
                each.result()
        scorer.rescore()
        assert {score(api, lead)["score"] for lead in leads} == {30}

    def test_rules_that_change_end_a_run_by_earlier_ones(
        self, api: ApiClient, enquire: Enquire, scorer: Scorer, bare: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(scoring, "CHUNK", 2)
        leads = [enquire() for _ in range(5)]
        rule(api, "First", 10)
        assert scorer.run("leads.score_all") == 1
        assert scorer.run(jobs.score_open.name) == 1
        [rest] = scorer.waiting(jobs.score_open.name)
        assert (rest.payload["done"], rest.payload["total"]) == (2, 5)
        rule(api, "Second", 20)
        scorer.rescore()
        assert [score(api, lead)["score"] for lead in leads] == [30] * 5
        assert scorer.waiting(jobs.score_open.name) == []

    def test_a_run_that_is_killed_halfway_is_done_again_from_there(
        self, api: ApiClient, enquire: Enquire, scorer: Scorer, bare: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(scoring, "CHUNK", 2)
        leads = [enquire() for _ in range(5)]
        rule(api, "First", 10)
        scorer.run("leads.score_all")
        scorer.run(jobs.score_open.name)
        [rest] = scorer.waiting(jobs.score_open.name)

        class Killed(Exception):
            pass

        def die() -> None:
            with scorer.work():
                registry.known(scorer.agency.app)[jobs.score_open.name].job.run(rest.payload)
                raise Killed

        with pytest.raises(Killed):
            die()
        assert [score(api, lead)["score"] for lead in leads] == [10, 10, None, None, None]
        [again] = scorer.waiting(jobs.score_open.name)
        assert again.payload == rest.payload
        scorer.rescore()
        assert [score(api, lead)["score"] for lead in leads] == [10] * 5

    def test_whoever_changes_a_lead_meanwhile_is_not_disturbed(
        self, api: ApiClient, enquire: Enquire, scorer: Scorer
    ) -> None:
        lead = enquire()
        scorer.follow()
        changed = ok(api.patch(f"/leads/{lead['id']}", {"adults": 3}, version=lead["version"]))
        assert (changed["version"], changed["score"]) == (lead["version"] + 1, 35)
