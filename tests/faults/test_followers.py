"""Followers are killed again and again while events come in: none is missed, none is applied twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from core import ids
from core.actor import system
from core.config import Settings
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.events import rebuilding
from core.events.following import Followed, follow_once
from core.events.log import publish
from core.http.application import Application
from core.testing.factories import AgencyUnderTest
from tests.core.events import tally
from tests.core.events.tally import NAME, TALLY, Refunded, Sold, Viewed

ROOT = Path(__file__).parents[2]
LONG = os.environ.get("TRIPFILE_FAULTS") == "long"
KILLS = 30 if LONG else 3
WRITERS = 4
READ_PER_LIFE = 40

Owner = psycopg.Connection[Any]


class Follower:
    """A follower's process, killed and started again."""

    def __init__(self, settings: Settings, log: Path) -> None:
        urls = {"DATABASE_URL": settings.database_url, "DATABASE_SYSTEM_URL": settings.database_system_url}
        secrets = {**urls, "JWT_SECRET": settings.jwt_secret}
        self._environment = os.environ | {key: value.get_secret_value() for key, value in secrets.items() if value}
        self._log = log
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.faults.following"]
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=self._environment, stdout=subprocess.PIPE, stderr=log, text=True,
                start_new_session=True,
            )  # fmt: skip
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "following\n", self._log.read_text()[-3000:]

    def kill(self) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None


class Writer(threading.Thread):
    """Somebody to whom things happen, a few in each unit of work, some of which are undone."""

    def __init__(self, app: Application, agencies: list[AgencyUnderTest]) -> None:
        super().__init__(daemon=True)
        self.app, self.agencies = app, agencies
        self.stopping = threading.Event()

    def run(self) -> None:
        while not self.stopping.wait(random.uniform(0, 0.02)):
            with self.app.app_context(), unit_of_work() as work:
                with acting_as(system(random.choice(self.agencies).id)):
                    for _ in range(random.randint(1, 3)):
                        publish(self._something())
                    time.sleep(random.uniform(0, 0.01))
                if random.random() < 0.1:
                    work.discard()

    def _something(self) -> Sold | Refunded | Viewed:
        if random.random() < 0.2:
            return Viewed(sale_id=ids.new())
        kind = Sold if random.random() < 0.8 else Refunded
        return kind(sale_id=ids.new(), kind=random.choice(("safari", "cruise", "train")), amount=random.randint(1, 99))


@pytest.fixture
def owner(settings: Settings) -> Iterator[Owner]:
    assert settings.database_owner_url is not None
    with psycopg.connect(settings.database_owner_url.get_secret_value(), autocommit=True) as connection:
        connection.execute(tally.TABLE)
        yield connection


@pytest.fixture
def follower(settings: Settings, tmp_path: Path) -> Iterator[Follower]:
    made = Follower(settings, tmp_path / "follower.log")
    yield made
    made.kill()


def applied(owner: Owner) -> int:
    (count,) = owner.execute("SELECT count(*) FROM test_seen").fetchone() or (0,)
    return int(count)


def tallies(owner: Owner, agency: AgencyUnderTest) -> dict[int, list[tuple[str, int, int]]]:
    """What was kept, by build."""
    rows = owner.execute(
        "SELECT build, kind, count, amount FROM test_tally WHERE agency_id = %s ORDER BY kind", (agency.id,)
    )
    found: dict[int, list[tuple[str, int, int]]] = {}
    for build, *row in rows:
        found.setdefault(build, []).append(tuple(row))
    return found


_WANTED = """
SELECT e.agency_id, e.seq FROM core_event e WHERE e.name IN ('tests.sold', 'tests.refunded')
"""
_FOLDED = """
SELECT payload->>'kind', sum(case name when 'tests.sold' then 1 else -1 end)::bigint,
    sum((payload->>'amount')::bigint * case name when 'tests.sold' then 1 else -1 end)::bigint
FROM core_event WHERE agency_id = %s AND name IN ('tests.sold', 'tests.refunded') GROUP BY 1 ORDER BY 1
"""


@pytest.mark.slow
class TestKilledFollowers:
    def test_nothing_is_missed_or_applied_twice_and_a_rebuild_equals_it(
        self, app: Application, agency: AgencyUnderTest, other_agency: AgencyUnderTest, owner: Owner,
        follower: Follower,
    ) -> None:  # fmt: skip
        agencies = [agency, other_agency]
        writers = [Writer(app, agencies) for _ in range(WRITERS)]
        for writer in writers:
            writer.start()
        try:
            for _ in range(KILLS):
                follower.start()
                self._let_it_read(owner)
                follower.kill()
        finally:
            for writer in writers:
                writer.stopping.set()
            for writer in writers:
                writer.join(timeout=20)
        app.extensions["tripfile.followers"] = {NAME: Followed("events", TALLY)}
        follow_once(app)
        self._verify(app, owner, agencies)

    def _let_it_read(self, owner: Owner) -> None:
        before, deadline = applied(owner), time.monotonic() + 30
        while applied(owner) < before + READ_PER_LIFE:
            assert time.monotonic() < deadline, "Nothing is read"
            time.sleep(0.005)

    def _verify(self, app: Application, owner: Owner, agencies: list[AgencyUnderTest]) -> None:
        wanted = owner.execute(_WANTED).fetchall()
        seen = owner.execute("SELECT agency_id, seq FROM test_seen").fetchall()
        assert len(seen) >= KILLS * READ_PER_LIFE
        assert sorted(seen) == sorted(wanted)
        for each in agencies:
            folded = owner.execute(_FOLDED, (each.id,)).fetchall()
            assert tallies(owner, each) == {1: folded}
            rebuilding.start(app, NAME, agency_id=each.id)
        follow_once(app)
        for each in agencies:
            assert tallies(owner, each) == {2: owner.execute(_FOLDED, (each.id,)).fetchall()}
