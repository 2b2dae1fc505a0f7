"""Failing: effects are undone, the job waits longer each time or is given up, and what went wrong is written down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from core import ids
from core.extensions import db
from core.jobs import outcome
from core.jobs.events import JobFailed
from core.testing.clients import ok
from core.testing.factories import AgencyUnderTest
from core.users.models import Team

from .conftest import Acting, WorkerHere

Teams = Callable[[], list[str]]


def keys(log: Path) -> list[str]:
    return [line.split()[1] for line in log.read_text().splitlines()]


class TestFailure:
    def test_undoes_its_effects_and_waits_for_another_attempt(
        self, acting: Acting, worker: WorkerHere, chores: Any, teams: Teams, log: Path
    ) -> None:
        with acting():
            job_id = chores.fail.enqueue()
        worker.work()
        row = worker.row(job_id)
        assert (row.state, row.due, row.attempt, row.lease_token) == ("queued", False, 1, None)
        for _ in range(3):
            worker.hurry()
            worker.work()
        row = worker.row(job_id)
        assert (row.state, row.attempt) == ("dead", 3)
        assert row.finished_at is not None
        assert teams() == []
        assert set(keys(log)) == {f"job-{job_id}"}

    def test_is_told_without_secrets_and_with_its_place(self, acting: Acting, worker: WorkerHere, chores: Any) -> None:
        with acting():
            job_id = chores.fail.enqueue()
        worker.work()
        error = worker.row(job_id).last_error
        assert error.startswith("RuntimeError: password=[masked]")
        assert "hunter2" not in error
        assert "in fail" in error

    def test_waits_longer_each_time_at_random_and_never_for_ever(self) -> None:
        base = timedelta(seconds=2)
        for attempt in range(1, 60):
            pauses = [outcome.pause_after(attempt, backoff=base) for _ in range(50)]
            ceiling = min(timedelta(hours=1), base * 2 ** min(attempt - 1, 30))
            assert timedelta(0) <= min(pauses) < max(pauses) <= ceiling
        assert sum((outcome.pause_after(8, backoff=base) for _ in range(200)), timedelta(0)) / 200 > 30 * base

    def test_waits_as_long_as_a_provider_asks(self, acting: Acting, worker: WorkerHere, chores: Any) -> None:
        with acting():
            job_id = chores.retry_later.enqueue(300.0)
        worker.work()
        [(waits,)] = worker.ask("SELECT extract(epoch FROM run_at - now()) FROM core_job")
        assert 290 < waits <= 300
        worker.hurry()
        worker.work()
        assert worker.row(job_id).state == "done"

    def test_that_can_never_be_put_right_is_given_up_at_once(
        self, acting: Acting, worker: WorkerHere, chores: Any
    ) -> None:
        with acting():
            job_id = chores.give_up.enqueue()
        worker.work()
        row = worker.row(job_id)
        assert (row.state, row.attempt) == ("dead", 1)
        assert "no spreadsheet" in row.last_error

    @pytest.mark.parametrize(("asked", "least", "most"), [(-5.0, -1, 0), (1e30, 29 * 86400, 30 * 86400)])
    def test_waits_neither_for_ever_nor_into_the_past(
        self, acting: Acting, worker: WorkerHere, chores: Any, asked: float, least: int, most: int
    ) -> None:
        with acting():
            chores.retry_later.enqueue(asked)
        worker.work()
        [(state, waits)] = worker.ask("SELECT state, extract(epoch FROM run_at - now()) FROM core_job")
        assert state == "queued"
        assert least < waits <= most

    @pytest.mark.parametrize(
        "error", [ValueError("byte \0 of the file"), ValueError("a \udc80 name"), asyncio.CancelledError("bye")]
    )
    def test_whatever_was_raised_is_written_down(
        self,
        acting: Acting,
        worker: WorkerHere,
        chores: Any,
        error: BaseException,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def fail(number: int) -> None:
            raise error

        monkeypatch.setattr(chores.nothing, "function", fail)
        with acting():
            job_id = chores.nothing.enqueue(1)
        worker.work()
        row = worker.row(job_id)
        assert (row.state, row.lease_token) == ("queued", None)
        assert row.last_error.startswith(type(error).__name__)
        assert worker.lanes["idle"].leases() == []

    def test_of_the_database_is_told_without_the_values_of_rows(
        self, acting: Acting, worker: WorkerHere, chores: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        raised: list[str] = []

        def fail(number: int) -> None:
            same = ids.new()
            db.session.add_all([Team(id=same, name="Ada Lovelace"), Team(id=same, name="Grace Hopper")])
            try:
                db.session.flush()
            except IntegrityError as error:
                raised.append(str(error))
                raise

        monkeypatch.setattr(chores.nothing, "function", fail)
        with acting():
            job_id = chores.nothing.enqueue(1)
        worker.work()
        error = worker.row(job_id).last_error
        assert error.startswith("IntegrityError: duplicate key value violates unique constraint")
        assert "Lovelace" not in error
        assert "INSERT" not in error
        # This is what logs tell.
        assert "INSERT" in raised[0]
        assert "Lovelace" not in raised[0]

    def test_arguments_that_no_longer_fit_are_given_up(self, acting: Acting, worker: WorkerHere, chores: Any) -> None:
        with acting():
            job_id = chores.add_team.enqueue("north")
        worker.ask('UPDATE core_job SET payload = \'{"title": "north"}\'')
        worker.work()
        assert worker.row(job_id).state == "dead"

    def test_of_one_hinders_no_other(self, acting: Acting, worker: WorkerHere, chores: Any, teams: Teams) -> None:
        with acting():
            for number in range(20):
                chores.fail.enqueue()
                chores.add_team.enqueue(f"team{number}")
        worker.work()
        assert len(teams()) == 20

    def test_is_told_to_whoever_started_it(
        self, acting: Acting, worker: WorkerHere, chores: Any, agency: AgencyUnderTest
    ) -> None:
        user_id = agency.member().user_id
        with acting():
            started = chores.give_up.enqueue()
            chores.give_up.enqueue()
        worker.ask("UPDATE core_job SET user_id = :user WHERE id = :id", user=user_id, id=started)
        worker.work()
        events = ok(agency.member().get(f"/audit?name={JobFailed.name}"))["items"]
        assert [(event["subject_id"], event["payload"]["user_id"]) for event in events] == [
            (str(started), str(user_id))
        ]
