"""An application with the chores plugin, and a worker in the test's own thread."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text

from core.actor import Actor, system
from core.config import Settings
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.extensions import db
from core.http.application import Application
from core.jobs import registry
from core.jobs.lane import Lane
from core.jobs.runner import Runner
from core.jobs.sweeper import Sweeper
from core.testing import databases
from core.testing.databases import Server
from core.testing.factories import AgencyUnderTest
from tests.chores.processes import PACKAGES, PLUGINS

LEASE = timedelta(seconds=30)
Acting = Callable[..., AbstractContextManager[None]]


@pytest.fixture(scope="module")
def settings(database_server: Server) -> Iterator[Settings]:
    """A database of the module's own, and the plugin with jobs of every temper."""
    sys.path.insert(0, str(PACKAGES))
    try:
        with database_server.clone() as urls:
            yield databases.settings_for(urls, plugins=PLUGINS)
    finally:
        sys.path.remove(str(PACKAGES))


@pytest.fixture(scope="module")
def chores(app: Application) -> Any:
    """The jobs of the plugin, by name."""
    jobs = app.extensions["tripfile.plugins"].plugins["chores"].jobs
    return SimpleNamespace(**{job.function.__name__: job for job in jobs})


@pytest.fixture
def acting(app: Application, agency: AgencyUnderTest) -> Acting:
    """A unit of work in the agency, as the system or as somebody."""

    @contextmanager
    def enter(actor: Actor | None = None) -> Iterator[None]:
        with app.app_context(), unit_of_work(), acting_as(actor or system(agency.id)):
            yield

    return enter


class WorkerHere:
    """A worker without threads, bells or clocks of its own."""

    def __init__(self, app: Application, settings: Settings) -> None:
        self.app = app
        self.jobs = registry.known(app)
        self.rung: list[str] = []
        self.runner = Runner(app, self.jobs, backoff=timedelta(seconds=2))
        self.sweeper = Sweeper(app, settings, self.jobs, ring=self.rung.extend)
        self.lanes = {queue: self.lane(queue) for queue in registry.by_queue(self.jobs)}

    def lane(self, queue: str) -> Lane:
        names = registry.by_queue(self.jobs)[queue]
        return Lane(self.app, queue, names, self.runner, lease=LEASE, ring=lambda: None)

    def work(self, queue: str | None = None) -> None:
        """Run everything that is due."""
        for lane in [self.lanes[queue]] if queue else self.lanes.values():
            lane.drain()

    def hurry(self) -> None:
        """Make everything that waits for later due."""
        self.ask("UPDATE core_job SET run_at = now() - interval '1 s' WHERE state = 'queued' AND NOT due")
        with self.app.app_context():
            self.sweeper.promote()

    def ask(self, sql: str, **values: Any) -> list[Any]:
        """Ask the ledger as the system."""
        with self.app.app_context(), db.engines["system"].begin() as connection:
            result = connection.execute(text(sql), values)
            return list(result.all()) if result.returns_rows else []

    def row(self, job_id: Any) -> Any:
        """A row of the ledger."""
        [row] = self.ask("SELECT * FROM core_job WHERE id = :id", id=job_id)
        return row

    def states(self) -> dict[str, int]:
        """How many jobs are in each state."""
        return dict(map(tuple, self.ask("SELECT state, count(*) FROM core_job GROUP BY state")))


@pytest.fixture
def worker(app: Application, settings: Settings) -> Iterator[WorkerHere]:
    """Runs jobs when told to; the ledger starts empty."""
    made = WorkerHere(app, settings)
    made.ask("DELETE FROM core_job")
    yield made
    made.ask("DELETE FROM core_job")


@pytest.fixture
def teams(app: Application, agency: AgencyUnderTest) -> Callable[[], list[str]]:
    """The effects there are in the agency, by the first word of their names."""

    def names() -> list[str]:
        with app.app_context(), db.engines[None].begin() as connection:
            connection.execute(text("SELECT set_config('app.agency_id', :id, true)"), {"id": str(agency.id)})
            return sorted(connection.scalars(text("SELECT name FROM core_team")))

    return names


@pytest.fixture(autouse=True)
def log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where the jobs write down their effects elsewhere."""
    place = tmp_path / "outside"
    place.touch()
    monkeypatch.setenv("CHORES_LOG", str(place))
    return place
