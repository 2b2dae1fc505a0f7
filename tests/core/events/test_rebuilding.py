from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from sqlalchemy import select, text

from core import ids
from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.errors import NotFound
from core.events import checkpoints, commands, following, rebuilding
from core.events.follower import Follower, Recorded
from core.events.following import follow_once
from core.extensions import db
from core.http.application import Application
from core.testing.clients import ApiClient, ok, switch_off
from core.testing.factories import AgencyUnderTest
from tests.core.events.conftest import sold
from tests.core.events.tally import NAME, TALLY, Refunded

Owner = psycopg.Connection[Any]
Happen = Callable[..., None]
Follow = Callable[..., None]
Rows = list[tuple[str, int, int]]


@pytest.fixture
def shown(app: Application, agency: AgencyUnderTest) -> Callable[[], Rows]:
    """What readers see: the rows of the live build."""

    def read() -> Rows:
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            build = db.session.scalar(select(checkpoints.live_build(NAME)))
            rows = db.session.execute(
                text("SELECT kind, count, amount FROM test_tally WHERE agency_id = :agency AND build = :build"),
                {"agency": agency.id, "build": build},
            )
            return sorted(tuple(row) for row in rows)

    return read


@pytest.fixture
def sales(follow: Follow, happen: Happen) -> None:
    follow(TALLY)
    for number in range(30):
        happen(sold(number, "safari" if number % 3 else "cruise"))
    happen(Refunded(sale_id=ids.new(), kind="safari", amount=7))


def builds(owner: Owner, agency: AgencyUnderTest) -> list[tuple[int, bool]]:
    rows = owner.execute("SELECT build, live FROM core_follower WHERE agency_id = %s AND name = %s", (agency.id, NAME))
    return sorted(rows.fetchall())


@pytest.mark.usefixtures("sales")
class TestRebuild:
    def test_it_equals_what_was_kept_along_the_way(
        self, app: Application, agency: AgencyUnderTest, owner: Owner, shown: Callable[[], Rows]
    ) -> None:
        follow_once(app, agencies=[agency.id])
        kept = shown()
        assert kept == [("cruise", 10, 135), ("safari", 19, 293)]
        rebuilding.start(app, NAME, agency_id=agency.id)
        follow_once(app, agencies=[agency.id])
        assert shown() == kept
        assert builds(owner, agency) == [(2, True)]
        left = owner.execute("SELECT DISTINCT build FROM test_tally WHERE agency_id = %s", (agency.id,))
        assert left.fetchall() == [(2,)]

    def test_readers_see_the_old_one_until_the_new_one_has_caught_up(
        self, app: Application, agency: AgencyUnderTest, owner: Owner, happen: Happen, shown: Callable[[], Rows],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        follow_once(app, agencies=[agency.id])
        kept = shown()
        monkeypatch.setattr(following, "BATCH", 7)
        rebuilding.start(app, NAME, agency_id=agency.id)
        seen: list[Rows] = []
        while rebuilding.under_way(app, NAME, [agency.id]):
            assert len(seen) < 50
            with app.app_context():
                (building,) = [lag for lag in checkpoints.lagging([NAME], [agency.id]) if lag.live is False]
            following.step(app, building)
            seen.append(shown())
        assert len(seen) > 4
        assert all(each == kept for each in seen)

    def test_the_live_one_goes_on_meanwhile(
        self, app: Application, agency: AgencyUnderTest, owner: Owner, happen: Happen, shown: Callable[[], Rows],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        follow_once(app, agencies=[agency.id])
        monkeypatch.setattr(following, "BATCH", 7)
        rebuilding.start(app, NAME, agency_id=agency.id)
        for _ in range(50):
            if builds(owner, agency) == [(1, True), (2, False)]:
                happen(sold(1000, "train"))
            with app.app_context():
                lags = checkpoints.lagging([NAME], [agency.id])
            for lag in lags:
                following.step(app, lag)
        assert builds(owner, agency) == [(2, True)]
        count = next(count for kind, count, _ in shown() if kind == "train")
        assert count > 3
        follow_once(app, agencies=[agency.id])
        assert ("cruise", 10, 135) in shown()

    def test_a_second_one_joins_the_first(self, app: Application, agency: AgencyUnderTest, owner: Owner) -> None:
        follow_once(app, agencies=[agency.id])
        rebuilding.start(app, NAME, agency_id=agency.id)
        rebuilding.start(app, NAME, agency_id=agency.id)
        assert builds(owner, agency) == [(1, True), (2, False)]

    def test_a_build_replaces_one_that_is_stuck(
        self, app: Application, agency: AgencyUnderTest, owner: Owner, follow: Follow, shown: Callable[[], Rows]
    ) -> None:
        def fail(entries: Sequence[Recorded], build: int) -> None:
            raise ValueError("wrong")

        follow(dataclasses.replace(TALLY, apply=fail))
        follow_once(app, agencies=[agency.id])
        follow(TALLY)
        rebuilding.start(app, NAME, agency_id=agency.id)
        follow_once(app, agencies=[agency.id])
        assert builds(owner, agency) == [(2, True)]
        assert ("cruise", 10, 135) in shown()


@pytest.mark.usefixtures("sales")
class TestCommands:
    def test_rebuild_ends_when_the_new_one_is_live(
        self, app: Application, agency: AgencyUnderTest, owner: Owner, shown: Callable[[], Rows]
    ) -> None:
        follow_once(app, agencies=[agency.id])
        kept = shown()
        with app.app_context():
            result = CliRunner().invoke(commands.events, ["rebuild", NAME, "--agency", agency.slug])
        assert result.output == f"{NAME} is rebuilt in 1 agency.\n"
        assert shown() == kept
        assert builds(owner, agency) == [(2, True)]

    def test_an_agency_that_has_it_switched_off_is_told_and_not_waited_for(
        self, app: Application, agency: AgencyUnderTest, api: ApiClient, follow: Follow, owner: Owner
    ) -> None:
        follow(TALLY, plugin="leads")
        follow_once(app, agencies=[agency.id])
        switch_off(api, "leads")
        with app.app_context():
            result = CliRunner().invoke(commands.events, ["rebuild", NAME, "--agency", agency.slug])
        assert result.output.splitlines() == [
            f"{NAME} is rebuilt in 0 agencies.",
            "It is switched off in 1 agency, and rebuilt there once it is on again.",
        ]
        ok(api.patch("/plugins/leads", {"enabled": True}))
        follow_once(app, agencies=[agency.id])
        assert builds(owner, agency) == [(2, True)]

    def test_what_stops_it_is_told(self, app: Application, agency: AgencyUnderTest, follow: Follow) -> None:
        def fail(entries: Sequence[Recorded], build: int) -> None:
            if build == 2:
                raise ValueError("wrong")

        follow(dataclasses.replace(TALLY, apply=fail))
        follow_once(app, agencies=[agency.id])
        with app.app_context():
            result = CliRunner().invoke(commands.events, ["rebuild", NAME, "--agency", agency.slug])
        assert result.exit_code == 1
        assert "events.tally stopped: event 2 (tests.sold" in result.output

    def test_followers_are_listed_with_what_they_are_behind(self, app: Application, agency: AgencyUnderTest) -> None:
        follow_once(app)
        with app.app_context():
            result = CliRunner().invoke(commands.events, ["followers"])
        assert f"{NAME}: 0 events behind in " in result.output
        assert "Counts what was sold." in result.output

    def test_nobody_can_rebuild_what_is_not_there_or_keeps_nothing(self, app: Application, follow: Follow) -> None:
        with pytest.raises(NotFound):
            rebuilding.start(app, "events.nobody")
        follow(Follower(name="events.teller", summary="Tells.", apply=lambda _entries, _build: None))
        with pytest.raises(rebuilding.NotRebuildable):
            rebuilding.start(app, "events.teller")
