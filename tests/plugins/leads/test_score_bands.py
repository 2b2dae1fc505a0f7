"""Cold, warm and hot leads, and who reckons at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from core.extensions import db
from core.jobs import registry
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from plugins.leads import jobs
from plugins.leads.events.scores import LeadScored
from plugins.leads.models import Lead
from plugins.leads.notices import HOT
from plugins.leads.service import scoring
from tests.plugins.leads.scorer import USUAL, Scorer, rule, score, told

Enquire = Callable[..., dict[str, Any]]


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
            assert HOT.recipients(LeadScored(**told, band="hot", by_rules=False, imported=True)) == []
            assert HOT.recipients(LeadScored(**told, band="warm", by_rules=False)) == []
            words = HOT.words(LeadScored(**told, band="hot", by_rules=False))
            assert words == {"reference": lead["reference"], "score": "80"}

    def test_only_the_first_score_is_because_a_lead_was_imported(
        self, api: ApiClient, enquire: Enquire, scorer: Scorer, bare: None
    ) -> None:
        rule(api, "New", 80)
        rule(api, "Contacted", -50, statuses=["contacted"])
        brought, typed = enquire(), enquire()
        with scorer.work():
            values = {"imported": True, "updated_at": Lead.updated_at}
            db.session.execute(update(Lead).where(Lead.id == UUID(brought["id"])).values(**values))
        scorer.follow()
        assert [told(api, each)[0]["imported"] for each in (brought, typed)] == [True, False]
        for to in ("contacted", "qualified"):
            ok(api.post(f"/leads/{brought['id']}/status", {"to": to, "note": "Said so."}, version="*"))
            scorer.follow()
        bands = [(each["band"], each["imported"]) for each in told(api, brought)]
        assert bands == [("hot", False), ("cold", False), ("hot", True)]

    def test_an_agency_says_where_they_begin(
        self, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire, scorer: Scorer, bare: None
    ) -> None:
        rule(api, "All", 50)
        lead = enquire()
        scorer.follow()
        assert score(api, lead)["band"] == "warm"
        ok(api.call("PUT", "/leads/scoring", json=USUAL | {"warm_from": 30, "hot_from": 50}))
        scorer.rescore()
        assert score(api, lead)["band"] == "hot"
        assert told(api, lead)[0]["by_rules"] is True
        assert ok(agency.member("agent").get("/leads/scoring"))["hot_from"] == 50
        wrong = api.call("PUT", "/leads/scoring", json=USUAL | {"warm_from": 50, "hot_from": 50})
        assert faults(wrong) == {"/hot_from": "order"}
        assert problem(agency.member("agent").call("PUT", "/leads/scoring", json=USUAL)) == (403, "forbidden")

    def test_what_is_left_out_is_asked_for_and_not_forgotten(self, api: ApiClient) -> None:
        assert ok(api.get("/leads/scoring")) == USUAL
        left_out = faults(api.call("PUT", "/leads/scoring", json={"warm_from": 10}))
        assert left_out == {"/hot_from": "required", "/count_plugins": "required", "/count_ai": "required"}
        assert ok(api.get("/leads/scoring")) == USUAL


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
