"""The ledger: who is claimed next, and what a lease is worth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import chain
from typing import Any

import pytest
from sqlalchemy import event, text

from core.actor import system
from core.agencies import suspension
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.extensions import db
from core.http.application import Application
from core.jobs import ledger
from core.jobs.ledger import Claim, Lease
from core.testing.factories import AgencyUnderTest

from .conftest import LEASE, Acting, WorkerHere

NAMES = ["chores.nothing"]


@pytest.fixture
def claim(app: Application) -> Iterator[Callable[..., list[Claim]]]:
    """Claims jobs that do nothing."""
    with app.app_context():
        yield lambda most=1, names=NAMES: ledger.claim("idle", names, most=most, lease=LEASE)


def number(claims: list[Claim]) -> list[int]:
    return sorted(claim.payload["number"] for claim in claims)


class TestClaims:
    def test_the_most_urgent_goes_first_then_the_oldest(
        self, acting: Acting, worker: WorkerHere, chores: Any, claim: Callable[..., list[Claim]]
    ) -> None:
        for urgency, each in ((5, 1), (0, 2), (0, 3), (-5, 4)):
            with acting():
                chores.nothing.later(priority=urgency).enqueue(each)
        assert [number(claim()) for _ in range(5)] == [[4], [2], [3], [1], []]

    def test_a_crowd_of_one_agency_does_not_keep_another_waiting(
        self,
        app: Application,
        acting: Acting,
        other_agency: AgencyUnderTest,
        worker: WorkerHere,
        chores: Any,
        claim: Callable[..., list[Claim]],
    ) -> None:
        with acting():
            chores.nothing.enqueue_many({"number": each} for each in range(500))
        with app.app_context(), unit_of_work(), acting_as(system(other_agency.id)):
            chores.nothing.enqueue(-1)
        assert -1 in number(claim(most=10))
        with app.app_context(), unit_of_work(), acting_as(system(other_agency.id)):
            chores.nothing.enqueue(-2)
        # Ten of one agency run, and one of the other: its turn comes at once.
        assert number(claim()) == [-2]

    def test_agencies_share_a_batch(
        self,
        app: Application,
        acting: Acting,
        other_agency: AgencyUnderTest,
        worker: WorkerHere,
        chores: Any,
        claim: Callable[..., list[Claim]],
    ) -> None:
        with acting():
            chores.nothing.enqueue_many({"number": each} for each in range(100))
        with app.app_context(), unit_of_work(), acting_as(system(other_agency.id)):
            chores.nothing.enqueue_many({"number": each} for each in range(100))
        shares = Counter(each.agency_id for each in claim(most=20))
        assert sorted(shares.values()) == [10, 10]

    def test_what_failed_before_is_claimed_alone(
        self, acting: Acting, worker: WorkerHere, chores: Any, claim: Callable[..., list[Claim]]
    ) -> None:
        with acting():
            ill = chores.nothing.enqueue(0)
        with acting():
            chores.nothing.enqueue_many({"number": each} for each in range(1, 10))
        worker.ask("UPDATE core_job SET attempt = 1 WHERE id = :id", id=ill)
        assert number(claim(most=10)) == [0]
        assert number(claim(most=10)) == list(range(1, 10))

    def test_what_must_not_be_repeated_is_claimed_alone(
        self, acting: Acting, worker: WorkerHere, chores: Any, claim: Callable[..., list[Claim]]
    ) -> None:
        with acting():
            chores.nothing.enqueue_many({"number": each} for each in range(5))
        worker.ask("UPDATE core_job SET max_attempts = 1")
        assert [len(claim(most=10)) for _ in range(6)] == [1, 1, 1, 1, 1, 0]

    def test_nobody_gets_what_another_has(
        self, acting: Acting, worker: WorkerHere, chores: Any, app: Application
    ) -> None:
        with acting():
            chores.nothing.enqueue_many({"number": each} for each in range(400))

        def take() -> list[int]:
            taken = []
            with app.app_context():
                while claims := ledger.claim("idle", NAMES, most=7, lease=LEASE):
                    taken += number(claims)
            return taken

        with ThreadPoolExecutor(3) as pool:
            shares = [each.result() for each in [pool.submit(take) for _ in range(3)]]
        assert sorted(chain.from_iterable(shares)) == list(range(400))

    def test_jobs_this_process_does_not_know_are_left_and_block_nobody(
        self, acting: Acting, worker: WorkerHere, chores: Any, claim: Callable[..., list[Claim]]
    ) -> None:
        with acting():
            stranger = chores.nothing.later(priority=-10).enqueue(1)
            chores.nothing.enqueue(2)
        worker.ask("UPDATE core_job SET name = 'visas.apply' WHERE id = :id", id=stranger)
        assert number(claim(most=5)) == [2]
        assert claim() == []
        assert worker.row(stranger).state == "queued"


class TestLeases:
    def test_what_was_not_started_is_given_back_without_an_attempt(
        self, acting: Acting, worker: WorkerHere, chores: Any, claim: Callable[..., list[Claim]]
    ) -> None:
        with acting():
            job_id = chores.nothing.enqueue(1)
        [taken] = claim()
        ledger.release([Lease(taken)])
        row = worker.row(job_id)
        assert (row.state, row.attempt, row.due, row.lease_token) == ("queued", 0, True, None)

    def test_a_lease_that_is_renewed_is_not_taken_back(
        self, acting: Acting, worker: WorkerHere, chores: Any, claim: Callable[..., list[Claim]]
    ) -> None:
        with acting():
            chores.nothing.enqueue(1)
        [taken] = claim()
        worker.ask("UPDATE core_job SET lease_until = now() - interval '1 s'")
        ledger.renew([Lease(taken)], lease=LEASE)
        assert ledger.take_back(backoff=timedelta(seconds=2)) == []
        assert worker.states() == {"running": 1}

    def test_silence_is_found_once_and_the_first_repeat_comes_at_once(
        self, acting: Acting, worker: WorkerHere, chores: Any, claim: Callable[..., list[Claim]]
    ) -> None:
        with acting():
            job_id = chores.nothing.enqueue(1)
        [taken] = claim()
        worker.ask("UPDATE core_job SET lease_until = now() - interval '1 s'")
        assert ledger.take_back(backoff=timedelta(seconds=2)) == ["idle"]
        assert ledger.take_back(backoff=timedelta(seconds=2)) == []
        row = worker.row(job_id)
        assert (row.state, row.due, row.attempt) == ("queued", True, 1)
        lost = Lease(taken)
        ledger.renew([lost], lease=LEASE)
        assert lost.lost
        assert ledger.finish([lost]) == 0

    def test_a_job_that_silences_every_worker_comes_back_later_each_time_and_is_given_up(
        self, acting: Acting, worker: WorkerHere, chores: Any, claim: Callable[..., list[Claim]], app: Application
    ) -> None:
        with acting():
            job_id = chores.nothing.enqueue(1)
        worker.ask("UPDATE core_job SET max_attempts = 3")
        for attempt in (1, 2, 3):
            assert len(claim()) == 1
            worker.ask("UPDATE core_job SET lease_until = now() - interval '1 s'")
            worker.sweeper.sweep()
            assert worker.row(job_id).attempt == attempt
            assert worker.row(job_id).due is (attempt != 2)
            worker.hurry()
        row = worker.row(job_id)
        assert row.state == "dead"
        assert "without a word" in row.last_error

    def test_a_commit_that_waits_does_not_keep_the_heartbeat_from_the_others(
        self, app: Application, acting: Acting, worker: WorkerHere, chores: Any, claim: Callable[..., list[Claim]]
    ) -> None:
        with acting():
            chores.nothing.enqueue_many({"number": each} for each in range(2))
        held, other = (Lease(each) for each in claim(most=2))
        worker.ask("UPDATE core_job SET lease_until = now() - interval '1 s'")
        with db.engines["system"].begin() as committing:
            committing.execute(text("SELECT 1 FROM core_job WHERE id = :id FOR UPDATE"), {"id": held.id})
            with ThreadPoolExecutor(1) as pool:

                def beat() -> list[str]:
                    with app.app_context():
                        ledger.renew([held, other], lease=LEASE)
                        return ledger.take_back(backoff=LEASE)

                assert pool.submit(beat).result(5) == []
        assert not held.lost
        assert not other.lost
        [(still,)] = worker.ask("SELECT lease_until > now() FROM core_job WHERE id = :id", id=other.id)
        assert still

    def test_a_slow_worker_cannot_renew_what_is_being_given_up_and_no_other_sweeper_gives_it_up_too(
        self, acting: Acting, worker: WorkerHere, chores: Any, claim: Callable[..., list[Claim]]
    ) -> None:
        with acting():
            job_id = chores.nothing.enqueue(1)
        worker.ask("UPDATE core_job SET max_attempts = 1")
        [taken] = claim()
        worker.ask("UPDATE core_job SET lease_until = now() - interval '1 s'")
        assert [each.id for each in ledger.spent()] == [job_id]
        assert ledger.spent() == []
        slow = Lease(taken)
        ledger.renew([slow], lease=LEASE)
        assert slow.lost

    def test_a_process_that_is_stopped_after_its_statement_locks_nothing(
        self, acting: Acting, worker: WorkerHere, chores: Any, claim: Callable[..., list[Claim]]
    ) -> None:
        with acting():
            chores.nothing.enqueue(1)
        [taken] = claim()
        seen = []

        def stop(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if "UPDATE core_job" in statement:
                seen.append(worker.ask("SELECT attempt FROM core_job FOR UPDATE NOWAIT"))

        event.listen(db.engines["system"], "after_cursor_execute", stop)
        try:
            ledger.renew([Lease(taken)], lease=LEASE)
            ledger.finish([Lease(taken)])
        finally:
            event.remove(db.engines["system"], "after_cursor_execute", stop)
        assert len(seen) == 2

    def test_somebody_who_is_about_to_end_lets_go_at_once(
        self, acting: Acting, worker: WorkerHere, chores: Any, claim: Callable[..., list[Claim]]
    ) -> None:
        with acting():
            chores.nothing.enqueue(1)
        [taken] = claim()
        ledger.abandon([Lease(taken)])
        assert ledger.take_back(backoff=timedelta(seconds=2)) == ["idle"]


class TestASuspendedAgency:
    def test_has_its_jobs_rest_and_keeps_nobody_waiting(
        self,
        app: Application,
        agency: AgencyUnderTest,
        other_agency: AgencyUnderTest,
        acting: Acting,
        chores: Any,
        worker: WorkerHere,
    ) -> None:
        with acting():
            chores.nothing.enqueue(0)
            suspension.suspend()
        # More urgent than what others wait for.
        worker.ask("UPDATE core_job SET priority = -100")
        with acting(system(other_agency.id)):
            chores.nothing.enqueue(1)
        worker.work()
        rows = worker.ask("SELECT agency_id, state FROM core_job WHERE name = 'chores.nothing'")
        assert dict(map(tuple, rows)) == {agency.id: "queued", other_agency.id: "done"}
        with app.app_context():
            assert "due" not in {line.state for line in ledger.lines()}
        with acting():
            suspension.resume()
        worker.work()
        assert worker.states().keys() == {"done"}
