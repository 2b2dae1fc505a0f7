"""The worker process: Huey consumers that drain the queues, a heartbeat, a sweeper, followers, and an orderly end."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import FrameType
from typing import Any

import click
import structlog
from flask import Flask
from huey.consumer import BaseProcess, Consumer
from prometheus_client import start_http_server

from core import checks
from core.config import ConfigurationError, Settings, load
from core.db.session import dispose
from core.events import running
from core.jobs import bells, ledger, registry
from core.jobs.bells import Bells
from core.jobs.lane import Lane
from core.jobs.runner import Runner
from core.jobs.sweeper import Sweeper

log = structlog.get_logger()
DRAIN_SECONDS = 20.0
"""How long jobs that run may take to end once the process is asked to."""
FOLLOWERS_SECONDS = 5.0
"""How long followers may take to end the batch they read; one that is cut off is read again elsewhere."""
TICK = 0.25
STATEMENT_TIMEOUT = timedelta(seconds=60)


class _NoScheduler(BaseProcess):  # type: ignore[misc] # Huey has no annotations
    """In place of Huey's own, which loses what it holds when it is killed; run_at and the sweeper schedule."""

    def __init__(self, huey: Any, stop_flag: threading.Event, interval: float, periodic: bool) -> None:  # noqa: FBT001 - the signature is Huey's
        super().__init__(huey, stop_flag)

    def loop(self, now: object = None) -> None:
        """Wait for the end."""
        self.stop_flag.wait()


class _Consumer(Consumer):  # type: ignore[misc] # Huey has no annotations
    scheduler_class = _NoScheduler

    def _set_signal_handlers(self) -> None:
        # Huey's own would swallow a SIGTERM that comes before ours are set again.
        pass


class Worker:
    """Serves queues until it is told to stop."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._jobs = registry.known(app)
        self._runner = Runner(app, self._jobs, backoff=settings.jobs_backoff)
        self.lanes: dict[str, Lane] = {}
        self._bells: dict[str, Bells] = {}
        self._consumers: list[_Consumer] = []
        for queue, names in registry.by_queue(self._jobs).items():
            threads = concurrency(settings.worker_queues, queue)
            if threads:
                self._add(queue, names, threads)
        self._sweeper = Sweeper(app, settings, self._jobs, ring=self._wake)
        self._heart = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self._ended = threading.Event()
        self._stopping = threading.Event()
        self._subscription: Any = None

    def start(self) -> None:
        """Begin to work."""
        self._heart.start()
        for consumer in self._consumers:
            consumer.start()
        if self._settings.redis_url is None:
            bus = self._app.extensions["tripfile.bus"]
            self._subscription = bus.subscribe([bells.CHANNEL], self._heard, lambda: self._wake(list(self.lanes)))
        self._sweeper.start()
        # What waited while nobody was here.
        self._wake(list(self.lanes))
        log.info("worker.started", queues={queue: bell.local.threads for queue, bell in self._bells.items()})

    def stop(self, *, within: float = DRAIN_SECONDS) -> bool:
        """Claim nothing more, give back what is not started, and let what runs end; whether all of it did."""
        self._stopping.set()
        for lane in self.lanes.values():
            lane.stopping = True
        for consumer in self._consumers:
            consumer.stop_flag.set()
        self._safely(self._give_back)
        deadline = time.monotonic() + within
        # Also for a thread that is claiming just now: it gives back what it gets.
        while any(lane.busy for lane in self.lanes.values()) and time.monotonic() < deadline:
            time.sleep(0.02)
        drained = not any(lane.busy for lane in self.lanes.values())
        self._safely(self._tell)
        # First, because it would renew what is abandoned.
        self._ended.set()
        self._heart.join(2)
        if not drained:
            self._safely(self._abandon)
        if self._subscription is not None:
            self._subscription.close()
        self._sweeper.stop()
        return drained

    def run(self) -> int:
        """Work until SIGTERM or SIGINT; a second one ends it at once."""
        asked = threading.Event()

        def on_signal(_number: int, _frame: FrameType | None) -> None:
            if asked.is_set():
                # Leases expire, and somebody else goes on.
                os._exit(1)
            asked.set()

        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, on_signal)
        self.start()
        if self._settings.worker_metrics_port:
            start_http_server(self._settings.worker_metrics_port, addr=self._settings.host)
        while not asked.wait(1.0):
            for consumer in self._consumers:
                consumer.check_worker_health()
        drained = self.stop()
        log.info("worker.stopped", drained=drained)
        return 0 if drained else 1

    def _add(self, queue: str, names: tuple[str, ...], threads: int) -> None:
        ring = _ringing(self._app, queue)
        lane = Lane(self._app, queue, names, self._runner, lease=self._settings.worker_lease, ring=ring)
        bell = Bells(queue, drain=lane.drain, threads=threads, settings=self._settings)
        self.lanes[queue], self._bells[queue] = lane, bell
        self._consumers.append(_Consumer(bell, workers=threads, periodic=False, initial_delay=0.1, max_delay=1.0))

    def _heard(self, _channel: str, message: bytes) -> None:
        bell = self._bells.get(message.decode(errors="replace"))
        if bell is not None:
            bell.local.ring()

    def _wake(self, queues: list[str]) -> None:
        for queue in queues:
            if queue in self._bells:
                self._bells[queue].local.ring()

    def _beat(self) -> None:
        """Keep the leases, tell what is done and give back what waits behind a long job."""
        lease = self._settings.worker_lease
        renew_at = time.monotonic() + lease.total_seconds() / 3
        while not self._ended.wait(TICK):
            for lane in self.lanes.values():
                self._safely(lane.tell)
                self._safely(lane.give_back)
                self._safely(lane.call_help)
            if time.monotonic() >= renew_at and self._safely(self._renew):
                renew_at = time.monotonic() + lease.total_seconds() / 3

    def _renew(self) -> None:
        leases = [lease for lane in self.lanes.values() for lease in lane.leases()]
        if leases:
            with self._app.app_context():
                ledger.renew(leases, lease=self._settings.worker_lease)

    def _give_back(self) -> None:
        for lane in self.lanes.values():
            lane.give_back(stuck=False)

    def _tell(self) -> None:
        for lane in self.lanes.values():
            lane.tell(now=True)

    def _abandon(self) -> None:
        with self._app.app_context():
            ledger.abandon([lease for lane in self.lanes.values() for lease in lane.leases()])

    def _safely(self, call: Callable[[], None]) -> bool:
        try:
            call()
        except Exception as error:  # noqa: BLE001 - the database may be away; leases and the next beat make up for it
            log.warning("worker.beat_failed", call=call.__name__, cause=f"{type(error).__name__}: {error}")
            return False
        return True


def concurrency(queues: tuple[str, ...], queue: str) -> int:
    """How many jobs of a queue run at a time under WORKER_QUEUES; 0 where it is served elsewhere."""
    wanted: Mapping[str, int] = {name: int(threads) for name, _, threads in (each.partition(":") for each in queues)}
    return wanted.get(queue, wanted.get("*", 0))


def _ringing(app: Flask, queue: str) -> Callable[[], None]:
    ringer: bells.Ringer = app.extensions["tripfile.bells"]
    return lambda: ringer.ring([queue])


def settings_for_work(settings: Settings) -> Settings:
    """The settings with what background work needs: time for its statements, and a connection for each thread."""
    patience = max(settings.database_statement_timeout, STATEMENT_TIMEOUT)
    return settings.model_copy(update={"database_statement_timeout": patience, "database_pool_size": 40})


def main() -> int:
    """Run a worker with the settings of the environment."""
    from core.app import create_app

    try:
        settings = settings_for_work(load())
        if settings.worker_metrics_port:
            checks.listen(settings.host, settings.worker_metrics_port).close()
        app = create_app(settings)
    except ConfigurationError as error:
        for problem in error.problems:
            click.echo(problem, err=True)
        return 2
    # It tells of every bell.
    logging.getLogger("huey").setLevel(logging.WARNING)
    ending = threading.Event()
    reader = threading.Thread(target=running.run_forever, args=(app, ending), name="followers", daemon=True)
    reader.start()
    status = Worker(app, settings).run()
    ending.set()
    reader.join(FOLLOWERS_SECONDS)
    with app.app_context():
        app.extensions["tripfile.bus"].close()
        dispose()
    return status


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads that did not end in time must not hold the process up.
    os._exit(code)
