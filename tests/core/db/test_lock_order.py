"""Units of work that lock the same things never wait for each other in a circle."""

from __future__ import annotations

import threading
import time

from sqlalchemy import text, update

from core.db.session import unit_of_work
from core.extensions import db
from core.jobs.models import JobEntry
from core.testing.factories import AgencyUnderTest
from core.users.repository import members
from tests.core.db.happening import Log, happen, remember
from tests.core.db.inside import Inside
from tests.core.db.test_streams import all_at_once

MANY = 1_500


def until_somebody_waits(seconds: float) -> None:
    """Until another connection waits for a lock, or for so long."""
    deadline = time.monotonic() + seconds
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    while not db.session.scalar(waiting) and time.monotonic() < deadline:
        time.sleep(0.02)


class TestJobs:
    def test_the_same_keys_in_another_order_are_locked_in_the_same(
        self, inside: Inside, agency: AgencyUnderTest, log: Log
    ) -> None:
        keys = [str(number) for number in range(MANY)]
        start = threading.Barrier(2)

        def enqueue(order: list[str]) -> None:
            for _ in range(3):
                with inside(agency.id), unit_of_work():
                    for key in order:
                        remember.later(unique=key).enqueue(key)
                    start.wait(30)

        all_at_once(lambda: enqueue(keys), lambda: enqueue(keys[::-1]))
        assert sorted(log.jobs) == sorted(keys)

    def test_who_waits_for_a_job_to_end_holds_no_counter(
        self, inside: Inside, agency: AgencyUnderTest, log: Log
    ) -> None:
        """The job publishes when it ends, and waits for the counter."""
        with inside(agency.id), unit_of_work():
            remember.later(unique="it").enqueue("first")
        ending = threading.Event()

        def end() -> None:
            with inside(agency.id), unit_of_work():
                db.session.execute(update(JobEntry).where(JobEntry.unique_key == "it").values(state="done"))
                ending.set()
                until_somebody_waits(10)
                happen("ended")

        def again() -> None:
            assert ending.wait(10)
            with inside(agency.id), unit_of_work():
                remember.later(unique="it").enqueue("second")
                happen("again")

        all_at_once(end, again)
        assert log.words == ["ended", "again"]
        assert log.jobs == ["first", "second"]


class TestAgencies:
    def test_who_holds_the_administration_keeps_nobody_from_publishing(
        self, inside: Inside, agency: AgencyUnderTest, log: Log
    ) -> None:
        held = threading.Event()

        def administer() -> None:
            with inside(agency.id), unit_of_work():
                members.hold_administration()
                held.set()
                until_somebody_waits(1)
                happen("administered")

        def publish() -> None:
            assert held.wait(10)
            with inside(agency.id), unit_of_work():
                happen("published")

        all_at_once(administer, publish)
        assert log.words == ["published", "administered"]
