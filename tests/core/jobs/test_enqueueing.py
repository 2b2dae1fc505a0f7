"""Enqueueing: the row is part of the unit of work, and bells ring after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from core import clock
from core.actor import system
from core.db import closing
from core.db.tenancy import NoAgency, acting_as
from core.errors import Invalid
from core.http.application import Application
from core.jobs.job import PlatformOnly, job
from core.testing.factories import AgencyUnderTest

from .conftest import Acting, WorkerHere


@pytest.fixture
def heard(app: Application) -> Iterator[list[tuple[str, ...]]]:
    """The queues that commits rang for."""
    found: list[tuple[str, ...]] = []

    def listen(committed: closing.Committed) -> None:
        found.append(committed.queues)

    listeners = app.extensions["tripfile.after_commit"]
    listeners.append(listen)
    yield found
    listeners.remove(listen)


def fail_after(enqueue: Callable[[], object]) -> None:
    enqueue()
    raise LookupError


class TestEnqueue:
    def test_a_job_exists_exactly_if_its_unit_of_work_commits(
        self, acting: Acting, worker: WorkerHere, chores: Any
    ) -> None:
        with pytest.raises(LookupError), acting():
            fail_after(chores.nothing.enqueue)
        assert worker.states() == {}
        with acting():
            job_id = chores.nothing.enqueue(7)
        assert worker.row(job_id).payload == {"number": 7}

    def test_arguments_of_the_wrong_type_are_refused_before_anything_is_written(
        self, acting: Acting, worker: WorkerHere, chores: Any
    ) -> None:
        with acting():
            with pytest.raises(Invalid, match=r"chores\.nothing"):
                chores.nothing.enqueue(number="seven")
            with pytest.raises(TypeError):
                chores.add_team.enqueue()
            with pytest.raises(TypeError):
                chores.add_team.enqueue(name="a", colour="red")
        assert worker.states() == {}

    def test_unique_work_waits_once_and_may_come_again_when_it_is_done(
        self, acting: Acting, worker: WorkerHere, chores: Any
    ) -> None:
        for _ in range(2):
            with acting():
                chores.nothing.later(unique="once").enqueue(1)
                chores.nothing.later(unique="once").enqueue(2)
                chores.nothing.later(unique="other").enqueue(3)
        assert worker.states() == {"queued": 2}
        worker.work()
        with acting():
            chores.nothing.later(unique="once").enqueue(4)
        assert worker.states() == {"done": 2, "queued": 1}

    def test_unique_work_may_enqueue_its_own_successor(
        self, acting: Acting, worker: WorkerHere, chores: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def count_down(number: int) -> None:
            if number:
                chores.nothing.later(unique="countdown").enqueue(number - 1)

        monkeypatch.setattr(chores.nothing, "function", count_down)
        with acting():
            chores.nothing.later(unique="countdown").enqueue(3)
        worker.work()
        assert worker.states() == {"done": 4}

    def test_thousands_fit_into_one_commit(self, acting: Acting, worker: WorkerHere, chores: Any) -> None:
        with acting():
            chores.add_team.enqueue_many({"name": "x" * 200} for _ in range(8000))
        assert worker.states() == {"queued": 8000}

    def test_work_that_spans_agencies_is_not_enqueued_by_somebody_in_one(self, acting: Acting, chores: Any) -> None:
        with acting(), pytest.raises(PlatformOnly):
            chores.tidy.enqueue()

    def test_maintenance_says_for_which_agency_it_enqueues(
        self, app: Application, acting: Acting, worker: WorkerHere, chores: Any, agency: AgencyUnderTest
    ) -> None:
        with acting(system(None)):
            with pytest.raises(NoAgency):
                chores.nothing.enqueue()
            with acting_as(system(agency.id)):
                job_id = chores.nothing.enqueue()
        assert worker.row(job_id).agency_id == agency.id


class TestBells:
    def test_a_commit_rings_for_each_queue_with_something_due(
        self, acting: Acting, worker: WorkerHere, chores: Any, heard: list[tuple[str, ...]]
    ) -> None:
        with acting():
            chores.nothing.enqueue_many([{}, {}])
            chores.add_team.enqueue("a")
            chores.wait.later(delay=timedelta(minutes=5)).enqueue(1)
        assert heard == [("idle", "chores")]

    def test_a_rollback_rings_for_nobody(
        self, acting: Acting, worker: WorkerHere, chores: Any, heard: list[tuple[str, ...]]
    ) -> None:
        with pytest.raises(LookupError), acting():
            fail_after(chores.nothing.enqueue)
        assert heard == []


class TestLater:
    def test_work_for_later_is_not_run_until_its_time_comes(
        self, acting: Acting, worker: WorkerHere, chores: Any
    ) -> None:
        with acting():
            first = chores.nothing.later(delay=timedelta(minutes=5)).enqueue()
            second = chores.nothing.later(at=clock.now() + timedelta(minutes=5)).enqueue()
        worker.work()
        assert worker.states() == {"queued": 2}
        worker.hurry()
        assert worker.rung == ["idle"]
        worker.work()
        assert {worker.row(first).state, worker.row(second).state} == {"done"}


class TestDeclaring:
    def test_a_job_is_still_a_function(self) -> None:
        seen: list[int] = []

        @job()
        def double(number: int) -> None:
            """Double it."""
            seen.append(2 * number)

        double(4)
        assert seen == [8]
        assert double.summary == "Double it."

    def test_arguments_come_back_in_their_types(self) -> None:
        seen: list[object] = []

        @job()
        def keep(when: timedelta, whom: str = "Ana") -> None:
            """Keep."""
            seen.append((when, whom))

        keep.run(keep.payload((timedelta(hours=1),), {}))
        assert seen == [(timedelta(hours=1), "Ana")]
