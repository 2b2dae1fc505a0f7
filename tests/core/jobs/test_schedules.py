"""Schedules: in the agency's zone, each slot once, missed ones as one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from core.agencies import suspension
from core.http.application import Application
from core.jobs import registry, schedules
from core.jobs.cron import next_slot
from core.testing.clients import ok
from core.testing.factories import AgencyUnderTest

from .conftest import Acting, WorkerHere

MORNING, YARD = "chores.morning", "chores.sweep_the_yard"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class TestSlots:
    @pytest.mark.parametrize(
        ("cron", "zone", "after", "expected"),
        [
            ("30 7 * * 1-5", "UTC", "2026-07-03T07:29:59", "2026-07-03T07:30:00"),
            ("30 7 * * 1-5", "UTC", "2026-07-03T07:30:00", "2026-07-06T07:30:00"),
            ("0 9 * * *", "Europe/Lisbon", "2026-01-10T00:00:00", "2026-01-10T09:00:00"),
            ("0 9 * * *", "Europe/Lisbon", "2026-07-10T00:00:00", "2026-07-10T08:00:00"),
            ("0 9 * * *", "Asia/Kathmandu", "2026-07-10T00:00:00", "2026-07-10T03:15:00"),
            # Clocks go from 02:00 to 03:00: what was due in between comes right after it, and comes once.
            ("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00", "2026-03-29T01:00:00"),
            ("30 2 * * *", "Europe/Berlin", "2026-03-29T01:00:00", "2026-03-30T00:30:00"),
            # Clocks go from 03:00 back to 02:00: once, not twice.
            ("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00", "2026-10-25T00:30:00"),
            ("30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00", "2026-10-26T01:30:00"),
        ],
    )
    def test_are_read_in_the_zone(self, cron: str, zone: str, after: str, expected: str) -> None:
        assert next_slot(cron, zone, utc(after)) == utc(expected)

    @pytest.mark.parametrize("cron", ["nonsense", "61 * * * *", "0 0 31 2 *"])
    def test_what_never_comes_is_refused(self, cron: str) -> None:
        with pytest.raises(ValueError, match="not a cron line"):
            next_slot(cron, "UTC", utc("2026-01-01T00:00:00"))


@pytest.fixture
def slots(app: Application, worker: WorkerHere) -> Iterator[Callable[[], dict[tuple[str, Any], Any]]]:
    """The rows of the schedule, which starts empty."""
    worker.ask("DELETE FROM core_schedule")

    def rows() -> dict[tuple[str, Any], Any]:
        return {(row.name, row.agency_id): row for row in worker.ask("SELECT * FROM core_schedule")}

    with app.app_context():
        yield rows
    worker.ask("DELETE FROM core_schedule")


Slots = Callable[[], dict[tuple[str, Any], Any]]


class TestRows:
    def test_there_is_one_for_each_agency_and_one_for_the_platform(
        self, app: Application, agency: AgencyUnderTest, other_agency: AgencyUnderTest, slots: Slots
    ) -> None:
        assert schedules.align(registry.known(app)) > 2
        assert schedules.align(registry.known(app)) == 0
        found = slots()
        assert {(MORNING, agency.id), (MORNING, other_agency.id), (YARD, None)} <= found.keys()
        assert found[MORNING, agency.id].zone == "Europe/Lisbon"
        assert found[YARD, None].zone == "UTC"

    def test_a_new_agency_has_its_own_at_once(self, make_agency: Callable[..., AgencyUnderTest], slots: Slots) -> None:
        made = make_agency(zone="Asia/Tokyo")
        assert slots()[MORNING, made.id].zone == "Asia/Tokyo"

    def test_follows_an_agency_that_moves_and_a_job_that_changes(
        self, app: Application, agency: AgencyUnderTest, slots: Slots, worker: WorkerHere
    ) -> None:
        schedules.align(registry.known(app))
        ok(agency.member().patch("/agencies/current", {"zone": "Asia/Tokyo"}, version="*"))
        worker.ask("UPDATE core_schedule SET cron = '0 0 1 1 *' WHERE agency_id IS NULL")
        moved = sum(key == agency.id for _, key in slots())
        changed = sum(key is None for _, key in slots())
        assert moved > 1
        assert schedules.align(registry.known(app)) == moved + changed
        assert slots()[MORNING, agency.id].zone == "Asia/Tokyo"
        assert slots()[MORNING, agency.id].next_at.astimezone(UTC).hour in (22, 23)
        assert slots()[YARD, None].cron == "*/5 * * * *"


class TestFiring:
    @pytest.fixture(autouse=True)
    def aligned(self, app: Application, agency: AgencyUnderTest, slots: Slots) -> None:
        schedules.align(registry.known(app))

    def late(self, worker: WorkerHere, by: str = "3 days") -> None:
        worker.ask(f"UPDATE core_schedule SET next_at = now() - interval '{by}' WHERE name LIKE 'chores.%'")

    def fired(self, worker: WorkerHere) -> dict[tuple[str, Any], int]:
        rows = worker.ask("SELECT name, agency_id, count(*) FROM core_job GROUP BY 1, 2")
        return {(name, agency_id): count for name, agency_id, count in rows}

    def test_slots_that_were_missed_fire_once_and_the_next_is_ahead(
        self, app: Application, agency: AgencyUnderTest, worker: WorkerHere, slots: Slots
    ) -> None:
        self.late(worker)
        worker.sweeper.fire()
        worker.sweeper.fire()
        fired = self.fired(worker)
        assert (fired[MORNING, agency.id], fired[YARD, None]) == (1, 1)
        [(ahead,)] = worker.ask("SELECT bool_and(next_at > now()) FROM core_schedule")
        assert ahead
        worker.work()
        assert worker.states() == {"done": len(fired)}

    def test_whoever_asks_at_once_each_slot_fires_once(
        self, app: Application, agency: AgencyUnderTest, worker: WorkerHere
    ) -> None:
        self.late(worker)

        def fire() -> None:
            with app.app_context():
                schedules.fire(registry.known(app))

        with ThreadPoolExecutor(4) as pool:
            for done in [pool.submit(fire) for _ in range(8)]:
                done.result()
        assert set(self.fired(worker).values()) == {1}

    def test_a_suspended_agency_has_its_slots_made_up_for_once_it_works_again(
        self, agency: AgencyUnderTest, other_agency: AgencyUnderTest, worker: WorkerHere, acting: Acting
    ) -> None:
        with acting():
            suspension.suspend()
        self.late(worker)
        worker.sweeper.fire()
        assert (MORNING, agency.id) not in self.fired(worker)
        assert self.fired(worker)[MORNING, other_agency.id] == 1
        with acting():
            suspension.resume()
        worker.sweeper.fire()
        assert self.fired(worker)[MORNING, agency.id] == 1

    def test_a_plugin_that_is_off_misses_its_slots(
        self, app: Application, agency: AgencyUnderTest, other_agency: AgencyUnderTest, worker: WorkerHere
    ) -> None:
        schedules.align(registry.known(app))
        ok(agency.member().patch("/plugins/chores", {"enabled": False}))
        self.late(worker)
        worker.sweeper.fire()
        fired = self.fired(worker)
        assert (MORNING, agency.id) not in fired
        assert fired[MORNING, other_agency.id] == 1
        [(ahead,)] = worker.ask("SELECT bool_and(next_at > now()) FROM core_schedule")
        assert ahead
