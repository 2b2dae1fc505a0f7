from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import pytest

from core import ids
from core.actor import Actor
from core.db.read import SystemQuery
from core.db.tenancy import acting_as
from core.events import checkpoints, following, running
from core.events.follower import Follower, Recorded
from core.events.following import follow_once
from core.http.application import Application
from core.testing.clients import ApiClient, ok, switch_off
from core.testing.factories import AgencyUnderTest
from tests.core.events.conftest import sold
from tests.core.events.places import Owner, place, seen
from tests.core.events.tally import TALLY, Refunded, Sold, Viewed

Happen = Callable[..., None]
Follow = Callable[..., None]


class TestReading:
    def test_every_event_is_read_once_in_order_and_only_those_that_are_wanted(
        self, app: Application, agency: AgencyUnderTest, follow: Follow, happen: Happen, owner: Owner
    ) -> None:
        follow(TALLY)
        happen(sold(), Viewed(sale_id=ids.new()), sold())
        happen(Refunded(sale_id=ids.new(), kind="safari", amount=3))
        follow_once(app, agencies=[agency.id])
        follow_once(app, agencies=[agency.id])
        # The first of an agency tells that it was made.
        assert seen(owner, agency) == [2, 4, 5]
        assert place(app, agency).behind == 0
        rows = owner.execute("SELECT count, amount FROM test_tally WHERE agency_id = %s", (agency.id,))
        assert rows.fetchall() == [(1, 17)]

    def test_more_than_a_batch_takes_several(
        self, app: Application, agency: AgencyUnderTest, follow: Follow, happen: Happen, owner: Owner,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        monkeypatch.setattr(following, "BATCH", 3)
        sizes: list[int] = []

        def apply(entries: Sequence[Recorded], build: int) -> None:
            sizes.append(len(entries))

        follow(Follower(name="events.sizes", summary="Sizes.", apply=apply, from_start=True))
        happen(*(sold() for _ in range(6)))
        follow_once(app, agencies=[agency.id])
        assert sizes == [3, 3, 1]

    def test_agencies_are_apart(
        self, app: Application, agency: AgencyUnderTest, other_agency: AgencyUnderTest, follow: Follow,
        happen: Happen, owner: Owner,
    ) -> None:  # fmt: skip
        follow(TALLY)
        happen(sold())
        happen(sold(), sold(), agency_id=other_agency.id)
        follow_once(app)
        assert (len(seen(owner, agency)), len(seen(owner, other_agency))) == (1, 2)

    def test_acting_as_somebody_else_loses_no_checkpoint(
        self, app: Application, agency: AgencyUnderTest, follow: Follow, happen: Happen
    ) -> None:

        calls: list[int] = []

        def apply(entries: Sequence[Recorded], build: int) -> None:
            with acting_as(Actor(kind="user", agency_id=agency.id, user_id=ids.new())):
                calls.append(len(entries))

        follow(Follower(name="events.other", summary="Others.", apply=apply, from_start=True))
        happen(sold())
        follow_once(app, agencies=[agency.id])
        follow_once(app, agencies=[agency.id])
        assert calls == [2]


class TestBeginning:
    def test_a_follower_that_comes_later_begins_with_what_happens_then(
        self, app: Application, agency: AgencyUnderTest, follow: Follow, happen: Happen
    ) -> None:
        read: list[str] = []

        def apply(entries: Sequence[Recorded], build: int) -> None:
            read.extend(entry.name for entry in entries)

        happen(sold(), sold())
        follow(Follower(name="events.late", summary="Late.", apply=apply))
        follow_once(app, agencies=[agency.id])
        assert read == []
        happen(Viewed(sale_id=ids.new()))
        follow_once(app, agencies=[agency.id])
        assert read == [Viewed.name]

    def test_one_that_can_be_rebuilt_begins_with_the_first(
        self, app: Application, agency: AgencyUnderTest, follow: Follow, happen: Happen, owner: Owner
    ) -> None:
        happen(sold(), sold())
        follow(TALLY)
        follow_once(app, agencies=[agency.id])
        assert seen(owner, agency) == [2, 3]

    def test_a_new_agency_is_read_from_its_first_event_by_all(
        self, app: Application, make_agency: Callable[..., AgencyUnderTest], follow: Follow
    ) -> None:
        read: list[UUID] = []

        def apply(entries: Sequence[Recorded], build: int) -> None:
            read.extend(entry.subject_id for entry in entries)

        follow(Follower(name="events.early", summary="Early.", apply=apply))
        made = make_agency()
        follow_once(app, agencies=[made.id])
        assert read == [made.id]


class TestSwitchedOff:
    def test_events_of_that_time_pass_a_follower_that_only_tells(
        self, app: Application, agency: AgencyUnderTest, api: ApiClient, follow: Follow, happen: Happen
    ) -> None:
        read: list[int] = []

        def apply(entries: Sequence[Recorded], build: int) -> None:
            read.extend(entry.seq for entry in entries if entry.name == Sold.name)

        follow(Follower(name="leads.teller", summary="Tells.", apply=apply), plugin="leads")
        follow_once(app, agencies=[agency.id])
        switch_off(api, "leads")
        happen(sold())
        follow_once(app, agencies=[agency.id])
        ok(api.patch("/plugins/leads", {"enabled": True}))
        happen(sold())
        follow_once(app, agencies=[agency.id])
        assert len(read) == 1

    def test_one_that_must_be_complete_waits_and_catches_up(
        self, app: Application, agency: AgencyUnderTest, api: ApiClient, follow: Follow, happen: Happen, owner: Owner
    ) -> None:
        follow(TALLY, plugin="leads")
        switch_off(api, "leads")
        happen(sold())
        follow_once(app, agencies=[agency.id])
        assert seen(owner, agency) == []
        ok(api.patch("/plugins/leads", {"enabled": True}))
        follow_once(app, agencies=[agency.id])
        assert len(seen(owner, agency)) == 1


class TestManyProcesses:
    def test_no_event_is_read_twice(
        self, app: Application, agency: AgencyUnderTest, follow: Follow, happen: Happen, owner: Owner,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        monkeypatch.setattr(following, "BATCH", 2)
        follow(TALLY)
        happen(*(sold() for _ in range(40)))
        readers = [threading.Thread(target=follow_once, args=(app,)) for _ in range(3)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join(timeout=20)
        follow_once(app, agencies=[agency.id])
        assert seen(owner, agency) == list(range(2, 42))

    def test_in_the_background_it_follows_within_a_moment_and_ends_when_told(
        self, app: Application, agency: AgencyUnderTest, follow: Follow, happen: Happen, owner: Owner
    ) -> None:
        follow(TALLY)
        stop = threading.Event()
        background = threading.Thread(target=running.run_forever, args=(app, stop))
        background.start()
        try:
            for count in range(1, 4):
                happen(sold())
                deadline = time.monotonic() + running.BEAT + 3
                while len(seen(owner, agency)) < count:
                    assert time.monotonic() < deadline
                    time.sleep(0.01)
        finally:
            stop.set()
            background.join(timeout=5)
        assert not background.is_alive()

    def test_one_that_nobody_waits_for_reads_a_full_batch_at_once(
        self, app: Application, agency: AgencyUnderTest, follow: Follow, happen: Happen, owner: Owner,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        monkeypatch.setattr(following, "BATCH", 5)
        monkeypatch.setattr(running, "BEAT", 600.0)
        follow(dataclasses.replace(TALLY, eager=False))
        stop = threading.Event()
        background = threading.Thread(target=running.run_forever, args=(app, stop))
        background.start()
        try:
            for count in (1, 2):
                happen(*(sold() for _ in range(5)))
                deadline = time.monotonic() + 15
                while len(seen(owner, agency)) < 5 * count - 1:
                    assert time.monotonic() < deadline
                    time.sleep(0.01)
        finally:
            stop.set()
            background.join(timeout=5)
        assert not background.is_alive()

    def test_who_lags_is_asked_in_one_statement(
        self, app: Application, agency: AgencyUnderTest, follow: Follow, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[object] = []
        rows = SystemQuery.rows

        def count(query: SystemQuery[Any], **values: Any) -> list[Any]:
            asked.append(query)
            return rows(query, **values)

        follow(TALLY, *(dataclasses.replace(TALLY, name=f"events.tally_{number}") for number in range(5)))
        monkeypatch.setattr(SystemQuery, "rows", count)
        with app.app_context():
            checkpoints.lagging(following.registered(app))
        assert len(asked) == 1


class TestLag:
    def test_it_is_measured_and_listed(
        self, app: Application, agency: AgencyUnderTest, follow: Follow, happen: Happen
    ) -> None:
        follow(dataclasses.replace(TALLY, name="events.slow"))
        happen(sold(), sold())
        assert place(app, agency, "events.slow").behind == 3
        page = app.test_client().get("/metrics").get_data(as_text=True)
        (line,) = [
            line
            for line in page.splitlines()
            if line.startswith('tripfile_follower_lag_events{follower="events.slow"}')
        ]
        assert float(line.split()[-1]) >= 3
