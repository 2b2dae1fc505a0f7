from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import text

from core import ids, streams
from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import ForeignAgency, acting_as
from core.events import following
from core.events.log import SCOPE
from core.extensions import db
from core.revocations.api import revoke
from core.revocations.models import Revocation
from core.testing.factories import AgencyUnderTest
from tests.core.db.happening import Log, happen, remember
from tests.core.db.inside import Inside

WRITERS = 6
EACH = 25


def all_at_once(*calls: Callable[[], None]) -> None:
    """Run each in a thread, and raise what any of them raised."""
    problems: list[BaseException] = []

    def run(call: Callable[[], None]) -> None:
        try:
            call()
        except BaseException as problem:  # noqa: BLE001 - told to the test below
            problems.append(problem)

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
        assert not thread.is_alive()
    if problems:
        raise problems[0]


class TestLateCommits:
    def test_who_reads_by_number_loses_nothing_and_meets_no_hole(self, inside: Inside, agency: AgencyUnderTest) -> None:
        """By time or by a sequence a quarter would be lost: they are numbered before they can be seen."""
        done = threading.Event()
        readers: list[list[str]] = [[], []]

        def write(number: int) -> None:
            for count in range(EACH):
                with inside(agency.id), unit_of_work():
                    happen(f"{number}-{count}")
                    # The transaction runs from here on, and others overtake it.
                    db.session.execute(text("select 1"))
                    time.sleep(random.uniform(0, 0.01))

        def read(into: list[str]) -> None:
            last = 0
            while True:
                finished = done.is_set()
                with inside(agency.id):
                    # Raises Gap at a hole.
                    for entry in following.after(last, limit=7):
                        last = entry.seq
                        into.append(entry.payload.get("word", ""))
                    if finished and streams.head(SCOPE) == last:
                        return

        reading = [threading.Thread(target=read, args=(into,)) for into in readers]
        for thread in reading:
            thread.start()
        try:
            all_at_once(*(lambda number=number: write(number) for number in range(WRITERS)))
        finally:
            done.set()
            for thread in reading:
                thread.join(timeout=30)
        written = {f"{number}-{count}" for number in range(WRITERS) for count in range(EACH)}
        for read_words in readers:
            found = [word for word in read_words if word]
            assert len(found) == len(written)
            assert set(found) == written
        assert readers[0] == readers[1]


class TestAgencies:
    def test_each_counts_for_itself_in_one_unit_of_work(
        self, inside: Inside, agency: AgencyUnderTest, other_agency: AgencyUnderTest, log: Log
    ) -> None:
        with inside(agency.id), unit_of_work():
            happen("here")
            with acting_as(system(other_agency.id)):
                happen("there")
                remember.enqueue("there")
            happen("here again")
        there = Log(inside, other_agency)
        assert (log.words, there.words) == (["here", "here again"], ["there"])
        assert (log.jobs, there.jobs) == ([], ["there"])

    def test_an_event_of_another_agency_is_refused(
        self, inside: Inside, agency: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        foreign = Revocation(kind="member", subject_id=ids.new(), agency_id=other_agency.id)
        with inside(agency.id), pytest.raises(ForeignAgency), unit_of_work():
            streams.append(foreign, scope="things")

    def test_nobody_waits_for_another_in_a_circle(
        self, inside: Inside, agency: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        """The same counters, taken in every order at once: PostgreSQL would end one of them as a deadlock."""
        both = [agency.id, other_agency.id]
        scopes = ["notifications:a", "notifications:b", "notifications:c"]

        def write() -> None:
            for _ in range(15):
                agencies = random.sample(both, 2)
                with inside(agencies[0]), unit_of_work():
                    for each in agencies:
                        with acting_as(system(each)):
                            if random.random() < 0.5:
                                revoke("member", each)
                            for scope in random.sample(scopes, 3):
                                streams.append(Revocation(kind="member", subject_id=each), scope=scope)
                            happen("here")

        all_at_once(*[write] * WRITERS)
        with inside(agency.id):
            assert {streams.head(scope) for scope in scopes} == {15 * WRITERS}


class TestDensity:
    def test_numbers_are_dense_in_every_scope_whatever_is_undone(
        self, inside: Inside, agency: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        """Units of work of random steps, checked against a model of what must be there."""
        chance = random.Random(7)
        expected: dict[UUID, list[str]] = {agency.id: [], other_agency.id: []}
        for number in range(60):
            kept: list[tuple[UUID, str]] = []
            with inside(agency.id), unit_of_work() as work:
                for step in range(chance.randint(1, 6)):
                    where, word = chance.choice([agency.id, other_agency.id]), f"{number}-{step}"
                    undone = chance.random() < 0.3
                    savepoint = db.session.begin_nested() if undone or chance.random() < 0.3 else None
                    with acting_as(system(where)):
                        happen(word)
                    if undone and savepoint is not None:
                        savepoint.rollback()
                        continue
                    if savepoint is not None:
                        savepoint.commit()
                    kept.append((where, word))
                if chance.random() < 0.25:
                    work.discard()
                    kept = []
            for where, word in kept:
                expected[where].append(word)
        for each in (agency, other_agency):
            assert Log(inside, each).words == expected[each.id]

    def test_scopes_of_an_agency_count_apart(self, inside: Inside, agency: AgencyUnderTest) -> None:
        with inside(agency.id), unit_of_work():
            for scope in ("a", "b", "a", "a"):
                streams.append(Revocation(kind="member", subject_id=agency.id), scope=scope)
        with inside(agency.id):
            assert [streams.head(scope) for scope in ("a", "b", "c")] == [3, 1, 0]
