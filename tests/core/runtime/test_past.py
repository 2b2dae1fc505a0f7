"""Telling of the past: the clock stands, ids can be made again, and nobody is called."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import func, select

from core import clock, ids, past
from core.agencies import service as agencies
from core.agencies.schemas import BrandDraft
from core.db.session import UnitOfWork
from core.events import subscriptions
from core.events.models import EventEntry
from core.extensions import db
from core.http.application import Application
from core.jobs.job import Job
from core.jobs.models import JobEntry

THEN = datetime(2025, 3, 1, 9, 30, tzinfo=UTC)


def noticed() -> None:
    """Do nothing."""


class TestTheClock:
    def test_stands_at_the_instant_and_goes_on_afterwards(self) -> None:
        with past.at(THEN, Random(1)):
            assert clock.now() == THEN
            assert str(clock.today("Asia/Tokyo")) == "2025-03-01"
            with past.at(THEN.replace(year=2026), Random(1)):
                assert clock.now().year == 2026
            assert clock.now() == THEN
        assert clock.now() > THEN.replace(year=2026)

    def test_goes_on_after_an_error_and_in_other_threads(self) -> None:
        seen: list[datetime] = []

        def fails() -> None:
            with past.at(THEN, Random(1)):
                thread = threading.Thread(target=lambda: seen.append(clock.now()))
                thread.start()
                thread.join()
                raise LookupError

        with pytest.raises(LookupError):
            fails()
        assert seen[0] > THEN.replace(year=2026)
        assert clock.now() >= seen[0]


class TestIds:
    def test_are_the_same_for_the_same_number_and_of_their_time(self) -> None:
        made: list[list[UUID]] = []
        for seed in (1, 1, 2):
            with past.at(THEN, Random(seed)):
                made.append([ids.new() for _ in range(3)])
        assert made[0] == made[1] != made[2]
        assert len(set(made[0])) == 3
        assert all(each.version == 7 and each >= ids.first_at(THEN) for each in made[0])
        assert ids.new() not in made[0]


class TestPublishing:
    def test_calls_nobody(self, app: Application, work: UnitOfWork, monkeypatch: pytest.MonkeyPatch) -> None:
        job = subscriptions.job_of(noticed)
        known: dict[str, tuple[tuple[str, Job[object]], ...]] = {"agencies.brand_created": (("agencies", job),)}
        monkeypatch.setitem(app.extensions, "tripfile.subscriptions", known)
        with past.at(THEN, Random(1)):
            agencies.create_brand(BrandDraft(code="sunrise", name="Sunrise"))
        db.session.commit()  # rule: no-commit - what is written last is seen after it alone
        told = select(EventEntry.occurred_at).where(EventEntry.name == "agencies.brand_created")
        assert list(db.session.scalars(told)) == [THEN]
        count = select(func.count()).select_from(JobEntry)
        assert db.session.scalar(count) == 0
        agencies.create_brand(BrandDraft(code="sunset", name="Sunset"))
        db.session.commit()  # rule: no-commit - as above
        assert db.session.scalar(count) == 1
