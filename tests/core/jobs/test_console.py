"""The console: an administrator sees the agency's work and repeats it, a person their own, nobody another agency's."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from core.testing.clients import ApiClient, ok, problem
from core.testing.factories import AgencyUnderTest

from .conftest import Acting, WorkerHere


@pytest.fixture
def dead(acting: Acting, worker: WorkerHere, chores: Any) -> str:
    """A job that was given up."""
    with acting():
        job_id = chores.give_up.enqueue()
    worker.work()
    return str(job_id)


class TestLooking:
    def test_the_list_is_filtered(
        self, api: ApiClient, acting: Acting, worker: WorkerHere, chores: Any, dead: str
    ) -> None:
        with acting():
            chores.nothing.enqueue_many([{"number": 1}] * 3)
        assert len(ok(api.get("/jobs"))["items"]) == 4
        [shown] = ok(api.get("/jobs?state=dead"))["items"]
        assert (shown["id"], shown["name"], shown["queue"], shown["attempt"]) == (dead, "chores.give_up", "chores", 1)
        assert shown["last_error"].startswith("Discard: The file is no spreadsheet")
        assert len(ok(api.get("/jobs?queue=idle"))["items"]) == 3
        assert len(ok(api.get("/jobs?name=chores.nothing&state=queued&limit=2"))["items"]) == 2
        assert ok(api.get(f"/jobs/{dead}")) == shown

    def test_what_a_job_was_given_is_not_shown(self, api: ApiClient, dead: str) -> None:
        assert "payload" not in ok(api.get(f"/jobs/{dead}"))

    def test_counts_and_schedules(
        self, api: ApiClient, acting: Acting, worker: WorkerHere, chores: Any, dead: str
    ) -> None:
        with acting():
            chores.nothing.enqueue_many([{"number": 1}] * 3)
        counted = {(each["queue"], each["state"]): each["jobs"] for each in ok(api.get("/jobs/counts"))["items"]}
        assert counted == {("chores", "dead"): 1, ("idle", "queued"): 3}
        [slot] = [each for each in ok(api.get("/jobs/schedules"))["items"] if each["name"].startswith("chores.")]
        assert (slot["name"], slot["summary"], slot["zone"]) == (
            "chores.morning",
            "Every agency's morning.",
            "Europe/Lisbon",
        )

    def test_is_for_administrators(self, agency: AgencyUnderTest, dead: str) -> None:
        agent = agency.member("agent")
        assert problem(agent.get("/jobs")) == (403, "forbidden")
        assert problem(agent.post(f"/jobs/{dead}/retry")) == (403, "forbidden")

    def test_another_agencys_work_does_not_exist(self, other_agency: AgencyUnderTest, dead: str) -> None:
        stranger = other_agency.member()
        assert ok(stranger.get("/jobs"))["items"] == []
        for answer in (
            stranger.get(f"/jobs/{dead}"),
            stranger.post(f"/jobs/{dead}/retry"),
            stranger.post(f"/jobs/{dead}/discard"),
            stranger.post(f"/jobs/{dead}/cancel"),
        ):
            assert problem(answer) == (404, "not_found")


class TestDoing:
    def test_a_dead_letter_is_repeated_with_all_its_attempts(
        self, api: ApiClient, worker: WorkerHere, dead: str
    ) -> None:
        answer = ok(api.post(f"/jobs/{dead}/retry"))
        assert (answer["state"], answer["attempt"], answer["finished_at"]) == ("queued", 0, None)
        assert problem(api.post(f"/jobs/{dead}/retry")) == (409, "job_not_repeatable")
        worker.work()
        assert ok(api.get(f"/jobs/{dead}"))["state"] == "dead"

    def test_a_dead_letter_is_discarded(self, api: ApiClient, dead: str) -> None:
        assert ok(api.post(f"/jobs/{dead}/discard"))["state"] == "cancelled"
        assert problem(api.post(f"/jobs/{dead}/discard")) == (409, "job_not_dead")

    def test_work_that_waits_for_later_can_be_run_now(
        self, api: ApiClient, acting: Acting, worker: WorkerHere, chores: Any
    ) -> None:
        with acting():
            job_id = chores.nothing.later(delay=timedelta(days=1)).enqueue()
        ok(api.post(f"/jobs/{job_id}/retry"))
        worker.work()
        assert ok(api.get(f"/jobs/{job_id}"))["state"] == "done"

    def test_the_same_work_is_not_repeated_beside_itself(
        self, api: ApiClient, acting: Acting, worker: WorkerHere, chores: Any
    ) -> None:
        with acting():
            first = chores.give_up.later(unique="file").enqueue()
        worker.work()
        with acting():
            chores.give_up.later(unique="file", delay=timedelta(days=1)).enqueue()
        assert problem(api.post(f"/jobs/{first}/retry")) == (409, "job_not_repeatable")

    def test_work_that_waits_is_cancelled_at_once_and_work_that_ended_is_not(
        self, api: ApiClient, acting: Acting, worker: WorkerHere, chores: Any
    ) -> None:
        with acting():
            job_id = chores.nothing.enqueue()
        assert ok(api.post(f"/jobs/{job_id}/cancel"))["state"] == "cancelled"
        worker.work()
        assert worker.states() == {"cancelled": 1}
        assert problem(api.post(f"/jobs/{job_id}/cancel")) == (409, "job_already_ended")

    def test_who_did_what_to_a_job_stands_in_the_log(
        self, api: ApiClient, acting: Acting, chores: Any, dead: str
    ) -> None:
        ok(api.post(f"/jobs/{dead}/retry"))
        ok(api.post(f"/jobs/{dead}/cancel"))
        told = ok(api.get(f"/audit?subject_id={dead}"))["items"]
        assert [(each["name"], each["actor_id"]) for each in told] == [
            ("jobs.job_cancelled", str(api.user_id)),
            ("jobs.job_repeated", str(api.user_id)),
        ]


class TestMine:
    def test_a_person_follows_and_cancels_what_they_started(
        self, agency: AgencyUnderTest, acting: Acting, worker: WorkerHere, chores: Any
    ) -> None:
        agent, other = agency.member("agent"), agency.newcomer("agent")
        with acting():
            mine = chores.report.enqueue(3)
            chores.report.enqueue(3)
        progress = json.dumps({"done": 1, "total": 3, "message": "step 1"})
        worker.ask(
            "UPDATE core_job SET user_id = :user, progress = CAST(:progress AS jsonb) WHERE id = :id",
            user=agent.user_id, progress=progress, id=mine,
        )  # fmt: skip
        [shown] = ok(agent.get("/jobs/mine"))["items"]
        assert (shown["id"], shown["progress"]) == (str(mine), {"done": 1, "total": 3, "message": "step 1"})
        assert "last_error" not in shown
        assert ok(agent.get(f"/jobs/mine/{mine}")) == shown
        assert ok(other.get("/jobs/mine"))["items"] == []
        assert problem(other.get(f"/jobs/mine/{mine}")) == (404, "not_found")
        assert problem(other.post(f"/jobs/mine/{mine}/cancel")) == (404, "not_found")
        assert ok(agent.post(f"/jobs/mine/{mine}/cancel"))["state"] == "cancelled"
