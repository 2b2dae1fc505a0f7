"""A ledger, and real workers that can be killed; none outlives its test."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text

from core.actor import system
from core.app import create_app
from core.config import Settings
from core.db.session import dispose, unit_of_work
from core.db.tenancy import acting_as
from core.extensions import db
from core.http.application import Application
from core.testing import databases
from core.testing.databases import Server
from core.testing.factories import AgencyUnderTest, agency_maker
from core.testing.servers import RedisServer
from tests.chores.processes import PACKAGES, PLUGINS, Worker, wait_until


class Ledger:
    """An installation with one agency, its jobs, and what they did."""

    def __init__(self, app: Application, settings: Settings, folder: Path, redis: RedisServer | None) -> None:
        self.app = app
        self.settings = settings
        self.folder = folder
        self.redis = redis
        self.agency: AgencyUnderTest = agency_maker(app)()
        jobs = app.extensions["tripfile.plugins"].plugins["chores"].jobs
        self.jobs: Any = SimpleNamespace(**{job.function.__name__: job for job in jobs})
        self.workers: list[Worker] = []
        (folder / "outside").touch()

    @contextmanager
    def acting(self) -> Iterator[None]:
        """A unit of work in the agency."""
        with self.app.app_context(), unit_of_work(), acting_as(system(self.agency.id)):
            yield

    def worker(self, *, skew: int = 0, wait: bool = True, **more: str) -> Worker:
        """Start a worker."""
        made = Worker(self.settings, self.folder, f"worker{len(self.workers)}", skew=skew, **more)
        self.workers.append(made)
        made.launch()
        if wait:
            made.await_answer()
        return made

    def ask(self, sql: str, **values: Any) -> list[Any]:
        """Ask the ledger as the system."""
        with self.app.app_context(), db.engines["system"].begin() as connection:
            result = connection.execute(text(sql), values)
            return list(result.all()) if result.returns_rows else []

    def count(self, state: str, name: str = "%") -> int:
        """How many jobs are in a state; those of schedules come by the hour and are left out."""
        jobs = "SELECT count(*) FROM core_job WHERE coalesce(unique_key, '') NOT LIKE 'schedule %'"
        [(found,)] = self.ask(f"{jobs} AND state = :state AND name LIKE :name", state=state, name=name)
        return int(found)

    def settled(self, jobs: int, seconds: float, *, name: str = "%") -> None:
        """Wait until so many jobs have ended."""

        def ended() -> bool:
            return self.count("done", name) + self.count("dead", name) >= jobs

        wait_until(ended, seconds, what=self.report)

    def report(self) -> str:
        """What there is, for a test that fails."""
        lines = [
            str(row) for row in self.ask("SELECT name, state, due, attempt, count(*) FROM core_job GROUP BY 1, 2, 3, 4")
        ]
        return "\n".join([*lines, *(worker.log[-1500:] for worker in self.workers)])

    def effects(self) -> Counter[str]:
        """How often each effect is in our database."""
        with self.app.app_context(), db.engines[None].begin() as connection:
            connection.execute(text("SELECT set_config('app.agency_id', :id, true)"), {"id": str(self.agency.id)})
            return Counter(name.split()[0] for name in connection.scalars(text("SELECT name FROM core_team")))

    def outside(self) -> dict[str, list[str]]:
        """The keys that came with each effect elsewhere."""
        found: dict[str, list[str]] = defaultdict(list)
        for line in (self.folder / "outside").read_text().splitlines():
            word, key, *_ = line.split()
            found[word].append(key)
        return found


@pytest.fixture
def make_ledger(
    database_server: Server, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Ledger]]:
    """Makes an installation with Redis or without."""
    made: list[Ledger] = []
    sys.path.insert(0, str(PACKAGES))

    with database_server.clone() as urls:

        def make(bells: str = "bus") -> Ledger:
            redis = request.getfixturevalue("redis_server") if bells == "redis" else None
            host = f"unix://{redis.socket_file}" if redis else ""
            settings = databases.settings_for(urls, plugins=PLUGINS, redis_host=host)
            made.append(Ledger(create_app(settings), settings, tmp_path, redis))
            return made[-1]

        try:
            yield make
        finally:
            sys.path.remove(str(PACKAGES))
            for ledger in made:
                for worker in ledger.workers:
                    worker.kill()
                with ledger.app.app_context():
                    ledger.app.extensions["tripfile.bus"].close()
                    dispose()
