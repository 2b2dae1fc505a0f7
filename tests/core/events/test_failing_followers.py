from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import pytest

from core import clock, ids
from core.db.tenancy import current_agency_id
from core.events.follower import Follower, Recorded
from core.events.following import follow_once
from core.http.application import Application
from core.testing.factories import AgencyUnderTest
from tests.core.events.conftest import sold
from tests.core.events.places import Owner, due, place, seen
from tests.core.events.tally import TALLY, Refunded, Sold

Happen = Callable[..., None]
Follow = Callable[..., None]


def failing(on: Callable[[Recorded], bool], inner: Follower = TALLY) -> Follower:
    """A follower that fails on some events."""

    def apply(entries: Sequence[Recorded], build: int) -> None:
        inner.apply(entries, build)
        for entry in entries:
            if on(entry):
                raise ValueError("this one is too much for me")

    return dataclasses.replace(inner, apply=apply)


class TestFailing:
    def test_what_it_writes_goes_with_its_checkpoint(
        self, app: Application, agency: AgencyUnderTest, follow: Follow, happen: Happen, owner: Owner
    ) -> None:
        follow(failing(lambda entry: entry.name == Refunded.name))
        happen(sold(), Refunded(sale_id=ids.new(), kind="safari", amount=3), sold())
        follow_once(app, agencies=[agency.id])
        assert seen(owner, agency) == [2]
        assert place(app, agency).seq == 2

    def test_the_event_is_named_and_what_came_before_it_is_done(
        self, app: Application, agency: AgencyUnderTest, follow: Follow, happen: Happen, owner: Owner
    ) -> None:
        follow(failing(lambda entry: entry.payload.get("amount") == 666))
        happen(sold(), sold(), sold(666), sold())
        follow_once(app, agencies=[agency.id])
        assert seen(owner, agency) == [2, 3]
        stopped = place(app, agency)
        assert stopped.failures == 1
        assert f"event 4 ({Sold.name}" in str(stopped.last_error)
        assert "ValueError: this one is too much for me" in str(stopped.last_error)
        assert stopped.retry_at is not None
        assert stopped.retry_at > clock.now()

    def test_it_waits_longer_each_time_and_never_longer_than_minutes(
        self, app: Application, agency: AgencyUnderTest, follow: Follow, happen: Happen, owner: Owner
    ) -> None:
        follow(failing(lambda entry: entry.payload.get("amount") == 666))
        happen(sold(666))
        pauses = []
        for _ in range(12):
            follow_once(app, agencies=[agency.id])
            stopped = place(app, agency)
            assert stopped.retry_at is not None
            pauses.append((stopped.retry_at - clock.now()).total_seconds())
            due(owner)
        assert pauses[0] < 2
        assert pauses[3] > pauses[0]
        assert 200 < pauses[-1] < 400
        assert place(app, agency).failures == 12

    def test_it_delays_no_other_follower_and_no_other_agency(
        self, app: Application, agency: AgencyUnderTest, other_agency: AgencyUnderTest, follow: Follow,
        happen: Happen, owner: Owner,
    ) -> None:  # fmt: skip
        broken = dataclasses.replace(failing(lambda _entry: current_agency_id() == agency.id), name="events.broken")
        follow(broken, TALLY)
        happen(sold())
        happen(sold(), agency_id=other_agency.id)
        follow_once(app)
        assert seen(owner, agency) == [2]
        assert place(app, agency).failures == 0
        assert place(app, agency, "events.broken").failures == 1

    def test_after_the_fix_it_goes_on_where_it_stood(
        self, app: Application, agency: AgencyUnderTest, follow: Follow, happen: Happen, owner: Owner
    ) -> None:
        follow(failing(lambda entry: entry.payload.get("amount") == 666))
        happen(sold(), sold(666), sold())
        follow_once(app, agencies=[agency.id])
        follow(TALLY)
        follow_once(app, agencies=[agency.id])
        assert seen(owner, agency) == [2]
        due(owner)
        follow_once(app, agencies=[agency.id])
        assert seen(owner, agency) == [2, 3, 4]
        healed = place(app, agency)
        assert (healed.failures, healed.retry_at, healed.last_error) == (0, None, None)

    def test_secrets_in_an_error_are_masked(
        self, app: Application, agency: AgencyUnderTest, follow: Follow, happen: Happen
    ) -> None:
        def apply(entries: Sequence[Recorded], build: int) -> None:
            raise ValueError("password=swordfish1 was refused")

        follow(Follower(name="events.leaky", summary="Leaky.", apply=apply, from_start=True))
        happen(sold())
        follow_once(app, agencies=[agency.id])
        assert "swordfish1" not in str(place(app, agency, "events.leaky").last_error)


class TestGaps:
    @pytest.mark.parametrize("gone", [3, 5])
    def test_nobody_reads_past_a_missing_event(
        self, app: Application, agency: AgencyUnderTest, follow: Follow, happen: Happen, owner: Owner, gone: int
    ) -> None:
        follow(TALLY)
        happen(*(sold() for _ in range(4)))
        owner.execute("DELETE FROM core_event WHERE agency_id = %s AND seq = %s", (agency.id, gone))
        for _ in range(2):
            follow_once(app, agencies=[agency.id])
            due(owner)
        stopped = place(app, agency)
        assert stopped.seq == gone - 1
        assert "Gap" in str(stopped.last_error)
        assert seen(owner, agency) == list(range(2, gone))
