"""Receivers of webhooks on the loopback, endpoints for them, and the background work done when a test says so."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from uuid import UUID

import pytest
import time_machine
from flask import g
from sqlalchemy import select

from core import clock
from core.actor import system
from core.config import Settings
from core.db.session import unit_of_work
from core.events import following
from core.extensions import db
from core.http.application import Application
from core.jobs import registry
from core.jobs.models import JobEntry
from core.testing import databases
from core.testing.clients import ApiClient, ok
from core.testing.databases import Server
from core.testing.factories import AgencyUnderTest

FOLLOWER = "webhooks.deliveries"


@pytest.fixture(scope="module")
def settings(database_server: Server) -> Iterator[Settings]:
    """Settings under which the loopback may be reached."""
    with database_server.clone() as urls:
        yield databases.settings_for(urls, outbound_allow_networks="127.0.0.0/8")


class Received(NamedTuple):
    """A request that arrived."""

    headers: dict[str, str]
    body: bytes

    @property
    def said(self) -> dict[str, Any]:
        """The message."""
        found: dict[str, Any] = json.loads(self.body)
        return found


class Receiver:
    """A real server that keeps what arrives, and answers as it is told."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.status = 200
        self.headers: dict[str, str] = {}
        self.body = b"thank you"
        self.delay = 0.0
        receiver = self

        class Answering(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.append(Received({name.lower(): value for name, value in self.headers.items()}, body))
                time.sleep(receiver.delay)
                self.send_response(receiver.status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(receiver.body)))
                self.end_headers()
                self.wfile.write(receiver.body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/hooks/key-of-theirs"

    @property
    def events(self) -> list[str]:
        """What the messages were about."""
        return [each.said["type"] for each in self.received]

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()


@pytest.fixture
def receivers() -> Iterator[Callable[[], Receiver]]:
    """Starts receivers."""
    running: list[Receiver] = []

    def start() -> Receiver:
        running.append(Receiver())
        return running[-1]

    yield start
    for receiver in running:
        receiver.close()


@pytest.fixture
def receiver(receivers: Callable[[], Receiver]) -> Receiver:
    """A receiver."""
    return receivers()


@pytest.fixture
def add(api: ApiClient) -> Callable[..., dict[str, Any]]:
    """Adds an endpoint for a receiver."""

    def make(receiver: Receiver, *events: str, by: ApiClient = api) -> dict[str, Any]:
        body = {"url": receiver.url, "events": list(events or ["leads.*"])}
        made: dict[str, Any] = ok(by.post("/webhooks/endpoints", body), 201)
        return made

    return make


class Background:
    """An agency's background work, done when the test says so, as the worker does it."""

    def __init__(self, app: Application, agency_id: UUID) -> None:
        self.app = app
        self.agency_id = agency_id
        self.begin()

    def begin(self) -> None:
        """Read the log up to here."""
        following.follow_once(self.app, names=[FOLLOWER], agencies=[self.agency_id])

    def work(self, *, later: timedelta = timedelta(0), rounds: int = 50) -> list[str]:
        """Do everything that is due by then; the names of the jobs that ran."""
        ran: list[str] = []
        with time_machine.travel(clock.now() + later, tick=True):
            for _ in range(rounds):
                following.follow_once(self.app, names=[FOLLOWER], agencies=[self.agency_id])
                due = self._due()
                if not due:
                    return ran
                ran.extend(self._run(job_id) for job_id in due)
        raise AssertionError(f"The work has no end: {ran[-10:]}")

    def waiting(self) -> dict[str, list[float]]:
        """The jobs to come, by name: in how many seconds."""
        found: dict[str, list[float]] = {}
        with self.unit():
            for entry in db.session.scalars(self._queued().order_by(JobEntry.run_at)):
                found.setdefault(entry.name, []).append((entry.run_at - clock.now()).total_seconds())
        return found

    @contextmanager
    def unit(self) -> Iterator[None]:
        """A unit of work as the system in the agency."""
        with self.app.app_context(), unit_of_work():
            g.actor = system(self.agency_id)
            yield

    def _queued(self) -> Any:
        return select(JobEntry).where(
            JobEntry.agency_id == self.agency_id, JobEntry.state == "queued", JobEntry.name.startswith("webhooks.")
        )

    def _due(self) -> list[UUID]:
        with self.unit():
            statement = self._queued().where(JobEntry.run_at <= clock.now()).order_by(JobEntry.run_at, JobEntry.id)
            return [entry.id for entry in db.session.scalars(statement)]

    def _run(self, job_id: UUID) -> str:
        with self.unit():
            entry = db.session.get_one(JobEntry, job_id)
            name, payload = entry.name, entry.payload
        with self.unit():
            registry.known(self.app)[name].job.run(payload)
            db.session.get_one(JobEntry, job_id).state = "done"
            db.session.flush()
        return name


@pytest.fixture
def background(app: Application, agency: AgencyUnderTest) -> Background:
    """The agency's background work."""
    return Background(app, agency.id)


@pytest.fixture
def happen(api: ApiClient) -> Callable[[], dict[str, Any]]:
    """Lets an enquiry come in: `leads.lead_created`."""

    def enquire(by: ApiClient = api) -> dict[str, Any]:
        made: dict[str, Any] = ok(by.post("/leads", {"contact": {"name": "Ben Okri"}}), 201)
        return made

    return enquire
