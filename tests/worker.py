"""A worker in the test's own thread: it does what is due when the test says so."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import text

from core.db.session import unit_of_work
from core.extensions import db
from core.http.application import Application
from core.jobs import registry
from core.jobs.lane import Lane
from core.jobs.runner import Runner
from core.jobs.sweeper import Sweeper

_LEASE = timedelta(seconds=30)


class Worker:
    """Serves every queue of an application."""

    def __init__(self, app: Application) -> None:
        self.app = app
        jobs = registry.known(app)
        runner = Runner(app, jobs, backoff=timedelta(seconds=2))
        self._sweeper = Sweeper(app, app.settings, jobs, ring=lambda queues: None)
        self._lanes = [
            Lane(app, queue, names, runner, lease=_LEASE, ring=lambda: None)
            for queue, names in registry.by_queue(jobs).items()
        ]

    def work(self) -> None:
        """Run everything that is due, and what that makes due in queues that were served before."""
        left = self._due()
        while left:
            for lane in self._lanes:
                lane.drain()
            before, left = left, self._due()
            if before == left:
                # What rests with a suspended agency stays due.
                return

    def _due(self) -> frozenset[UUID]:
        with self.app.app_context(), unit_of_work(), db.engines["system"].begin() as connection:
            waiting = "SELECT id FROM core_job WHERE state = 'queued' AND due AND run_at <= clock_timestamp()"
            return frozenset(connection.execute(text(waiting)).scalars())

    def hurry(self) -> None:
        """Make due what waits for later, and run it."""
        with self.app.app_context(), unit_of_work():
            engine = db.engines["system"]
            with engine.begin() as connection:
                later = "UPDATE core_job SET run_at = now() - interval '1 s' WHERE state = 'queued' AND NOT due"
                connection.execute(text(later))
            self._sweeper.promote()
        self.work()
