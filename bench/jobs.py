"""Jobs: the ledger with its workers beside BullMQ and bare Huey, all on the same Redis, in interleaved rounds."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import psycopg
import redis as redis_client

from bench import common, huey_worker
from core.actor import system
from core.app import create_app
from core.config import Settings
from core.db.session import dispose, unit_of_work
from core.db.tenancy import acting_as
from core.testing.factories import agency_maker
from core.testing.servers import RedisServer, environment_for, free_port, wait_for

SECONDS = 120.0
BULK = 500
WARM_UP = 500
Workers = list[subprocess.Popen[str]]


class Target(Protocol):
    """One system: puts jobs in, knows when none is left, and has workers."""

    name: str

    def enqueue(self, count: int, *, bulk: int) -> float:
        """Add jobs, so many in one call; the seconds it took."""

    def left(self) -> bool:
        """Whether any job is not done."""

    def workers(self, count: int) -> Any:
        """So many worker processes that are ready."""

    def clear(self) -> None:
        """Begin the next round like the first."""


class Tripfile:
    """The product: a row for each job, committed with fsync, leased, fenced and kept when it is done."""

    name = "tripfile"

    def __init__(self, settings: Settings, superuser_url: str, threads: int) -> None:
        self._settings = settings
        self._threads = threads
        self._app = create_app(settings)
        self._agency = agency_maker(self._app)().id
        # Whoever looks on must not be bound by the walls between agencies.
        self._looking = psycopg.connect(superuser_url, autocommit=True)

    def enqueue(self, count: int, *, bulk: int) -> float:
        """Add jobs, so many in one unit of work."""
        nothing = import_module("loadtest.jobs").nothing
        started = time.perf_counter()
        with self._app.app_context():
            for first in range(0, count, bulk):
                with unit_of_work(), acting_as(system(self._agency)):
                    nothing.enqueue_many({"number": number} for number in range(first, min(first + bulk, count)))
        return time.perf_counter() - started

    def left(self) -> bool:
        """Whether any job is not done."""
        waits = "EXISTS (SELECT FROM core_job WHERE state = 'queued' AND queue = 'bench')"
        runs = "EXISTS (SELECT FROM core_job WHERE state = 'running')"
        row = self._looking.execute(f"SELECT {waits} OR {runs}").fetchone()
        return bool(row and row[0])

    @contextmanager
    def workers(self, count: int) -> Iterator[Workers]:
        """Worker processes as `tripfile worker` runs them."""
        with ExitStack() as stack:
            log = stack.enter_context(tempfile.TemporaryFile())
            children = []
            for _ in range(count):
                port = free_port()
                environment = environment_for(
                    self._settings, PLUGINS=self._settings.plugins, REDIS_HOST=self._settings.redis_host,
                    WORKER_QUEUES=f"bench:{self._threads} *:1", WORKER_METRICS_PORT=str(port),
                )  # fmt: skip
                command = [sys.executable, "-m", "core.jobs.worker"]
                children.append(stack.enter_context(common.process(command, log=log.fileno(), **environment)))
                wait_for(partial(_listens, port), 60, what="The start of a worker")
            yield children

    def clear(self) -> None:
        """Nothing of the last round is in the way of the next."""
        self._looking.execute("TRUNCATE core_job")

    def close(self) -> None:
        """Give the connections back."""
        self._looking.close()
        with self._app.app_context():
            self._app.extensions["tripfile.bus"].close()
            dispose()


class BullMQ:
    """The peer in node."""

    name = "bullmq"

    def __init__(self, server: RedisServer, threads: int, stack: ExitStack) -> None:
        self._server = server
        self._threads = threads
        self._redis = redis_client.Redis.from_url(server.url)
        self._queue = stack.enter_context(common.process(self._command("queue")))
        common.hear(self._queue)

    def enqueue(self, count: int, *, bulk: int) -> float:
        """Add jobs with `addBulk`, or one by one with `add`."""
        common.say(self._queue, {"enqueue": count, "bulk": bulk})
        return float(common.hear(self._queue)["seconds"])

    def left(self) -> bool:
        """Whether any job waits or runs."""
        return bool(self._redis.llen("bull:bench:wait") or self._redis.llen("bull:bench:active"))

    @contextmanager
    def workers(self, count: int) -> Iterator[Workers]:
        """Worker processes."""
        with ExitStack() as stack:
            children = [stack.enter_context(common.process(self._command("worker"))) for _ in range(count)]
            for child in children:
                common.hear(child)
            yield children

    def clear(self) -> None:
        """It removes jobs that are done by itself."""

    def _command(self, role: str) -> list[str | Path]:
        return [common.NODE, common.SCRIPTS / "bullmq.js", str(self._server.socket_file), role, str(self._threads)]


class Huey:
    """The queue under our bells, alone: what it pops is gone, whatever becomes of it."""

    name = "huey"

    def __init__(self, server: RedisServer, threads: int) -> None:
        self._server = server
        self._threads = threads
        self._redis = redis_client.Redis.from_url(server.url)
        _, self._nothing = huey_worker.queue(server.url)

    def enqueue(self, count: int, *, bulk: int) -> float:
        """Add jobs; it has no call for several."""
        started = time.perf_counter()
        for number in range(count):
            self._nothing(number)
        return time.perf_counter() - started

    def left(self) -> bool:
        """Whether any job waits."""
        return bool(self._redis.llen(huey_worker.KEY))

    @contextmanager
    def workers(self, count: int) -> Iterator[Workers]:
        """Consumer processes."""
        with ExitStack() as stack:
            command = [sys.executable, "-m", "bench.huey_worker", self._server.url, str(self._threads)]
            children = [stack.enter_context(common.process(command)) for _ in range(count)]
            for child in children:
                common.hear(child)
            yield children

    def clear(self) -> None:
        """It keeps nothing."""


def measure(target: Target, options: argparse.Namespace) -> dict[str, float]:
    """One round of one system, in jobs a second."""
    with target.workers(options.workers) as workers:
        target.enqueue(WARM_UP, bulk=BULK)
        _until_done(target, workers)
        # Workers that are ready sleep while jobs are put in: both halves are measured alone, and start at once.
        with _asleep(workers):
            one = target.enqueue(options.singles, bulk=1)
        _until_done(target, workers)
        with _asleep(workers):
            bulk = target.enqueue(options.jobs, bulk=BULK)
        started = time.perf_counter()
        _until_done(target, workers)
        execute = time.perf_counter() - started
    target.clear()
    return {
        "one": options.singles / one,
        "enqueue": options.jobs / bulk,
        "execute": options.jobs / execute,
    }


@contextmanager
def _asleep(workers: Workers) -> Iterator[None]:
    time.sleep(0.3)  # For what they still tell of the jobs before.
    for worker in workers:
        worker.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for worker in workers:
            worker.send_signal(signal.SIGCONT)


def _until_done(target: Target, workers: Workers) -> None:
    deadline = time.monotonic() + SECONDS
    while target.left():
        if any(worker.poll() is not None for worker in workers):
            raise common.Broken(f"{target.name}: a worker has ended")
        if time.monotonic() > deadline:
            raise common.Broken(f"{target.name}: jobs are left after {SECONDS:.0f} s")
        time.sleep(0.01)


def _listens(port: int) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=1) as answer:
        return bool(answer.status == 200)
    return False


def rows(found: dict[str, list[dict[str, float]]]) -> Iterator[dict[str, Any]]:
    """The results of all systems."""
    for case in ("enqueue", "execute"):
        for target, rounds in found.items():
            result = {"target": target, "case": case, "connections": 0}
            result["per_s"] = round(common.median(each[case] for each in rounds))
            if case == "enqueue":
                result["one_by_one_per_s"] = round(common.median(each["one"] for each in rounds))
            yield result | {"rounds": [round(each[case]) for each in rounds]}


def main() -> None:
    """Measure, and write bench/results/jobs.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=20_000)
    parser.add_argument("--singles", type=int, default=1_000, help="jobs that are put in one by one")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--concurrency", type=int, default=4, help="jobs at a time in each process")
    parser.add_argument("--bullmq-concurrency", type=int, help="another number for BullMQ, whose jobs are promises")
    options = parser.parse_args()
    found: dict[str, list[dict[str, float]]] = {}
    with ExitStack() as stack:
        server = stack.enter_context(common.redis())
        settings, superuser_url = stack.enter_context(common.installation(redis_host=server.url))
        tripfile = Tripfile(settings, superuser_url, options.concurrency)
        stack.callback(tripfile.close)
        targets: list[Target] = [
            tripfile,
            BullMQ(server, options.bullmq_concurrency or options.concurrency, stack),
            Huey(server, options.concurrency),
        ]
        for number in range(options.rounds):
            for target in targets if number % 2 else reversed(targets):
                found.setdefault(target.name, []).append(measure(target, options))
    found = {target.name: found[target.name] for target in targets}
    results = list(rows(found))
    common.write("jobs", results)
    _compare(results)


def _compare(results: list[dict[str, Any]]) -> None:
    speed = {(row["target"], row["case"]): row["per_s"] for row in results}
    for case in ("enqueue", "execute"):
        for peer in ("bullmq", "huey"):
            print(f"{case}: {speed['tripfile', case] / speed[peer, case]:.2f} x {peer}")


if __name__ == "__main__":
    main()
