"""The database is killed and Redis is away, empty or silent, while people work."""

from __future__ import annotations

import os
import signal
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import psycopg
import pytest
import redis

from core.app import create_app
from core.config import Settings
from core.db.embedded import EmbeddedPostgres
from core.db.session import dispose
from core.testing import databases
from core.testing.clients import ApiClient
from core.testing.factories import AgencyUnderTest, agency_maker
from core.testing.servers import RedisServer, ServerProcess, WebProcess, WorkerProcess, environment_for, wait_for
from tests.faults.browser import Browser
from tests.faults.conftest import LONG
from tests.faults.installation import Desk, Writer

KILLS = 10 if LONG else 3
WRITERS = 2
BETWEEN = 5
"""Leads each writer takes in between two kills."""
AWAY = 15.0 if LONG else 5.0
"""Seconds the database is away the last time."""
BACK_WITHIN = 5.0
"""Seconds from the database's first answer to the first acknowledged write."""
LEASE = 6
"""Seconds; what a job held when the database went is taken back after so long."""
LATEST = 40.0
LIVE = 4.0
"""Seconds that are live on a machine that is busy with other things; a head beat takes up to fifteen."""
ONCE = 1.5
"""Seconds that all requests together may take longer for a Redis that hangs: each, 0.2 s, would be far more."""
REQUESTS = 20
Browse = Callable[..., Browser]

pytestmark = pytest.mark.slow


class Office:
    """A web process and a worker, and people who use them."""

    def __init__(self, settings: Settings, folder: Path, **environment: str) -> None:
        shared = environment_for(settings, WORKER_LEASE=f"{LEASE}s", **environment)
        self.web = WebProcess(shared, folder / "web.log")
        self.worker = WorkerProcess(shared, folder / "worker.log")

    def __enter__(self) -> Self:
        try:
            both: list[ServerProcess] = [self.web, self.worker]
            for process in both:
                process.launch()
            for process in both:
                process.await_answer()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.web.kill()
        self.worker.kill()

    def take_in(self, desk: Desk, owner: ApiClient, name: str) -> str:
        """A lead for somebody, at once; its reference."""
        status, lead = desk.take_in(owner, name=name, key=name.replace(" ", "-"))
        assert status == 201, lead
        reference: str = lead["reference"]
        return reference


def told(browser: Browser) -> list[str]:
    """The leads the browser was told of, in order."""
    return [item["words"]["reference"] for item in browser.items]


def verify_live(office: Office, desk: Desk, agent: ApiClient, browser: Browser) -> None:
    """What is written now is heard of by hints again: long before any beat."""
    waits = []
    for number in range(5):
        office.take_in(desk, agent, f"live-{number}")
        begun = time.monotonic()
        browser.until(len(browser.items) + 1, LATEST)
        waits.append(time.monotonic() - begun)
    assert statistics.median(waits) < LIVE, waits


class TestPostgresqlIsKilled:
    @pytest.fixture
    def postgres(self, tmp_path: Path) -> Iterator[EmbeddedPostgres]:
        with EmbeddedPostgres(tmp_path / "postgres") as running:
            yield running

    @pytest.fixture
    def settings(self, postgres: EmbeddedPostgres) -> Settings:
        return databases.settings_for(databases.Server(postgres.superuser_url).template)

    @pytest.fixture
    def agency(self, settings: Settings) -> Iterator[AgencyUnderTest]:
        app = create_app(settings)
        yield agency_maker(app)()
        with app.app_context():
            dispose()

    def test_what_was_acknowledged_stays_and_everything_goes_on_by_itself(
        self, postgres: EmbeddedPostgres, settings: Settings, agency: AgencyUnderTest, browse: Browse, tmp_path: Path
    ) -> None:
        owner, agent = agency.member("owner"), agency.member("agent")
        with Office(settings, tmp_path) as office, Desk(office.web.port, owner) as desk:
            browser = browse(office.web.url, agent.token)
            writers = [Writer(office.web.port, owner, agent, name=f"writer{number}") for number in range(WRITERS)]
            for writer in writers:
                writer.start()
            try:
                late = [self._kill(postgres, writers) for _ in range(KILLS - 1)]
                late.append(self._kill(postgres, writers, away=AWAY))
            finally:
                for writer in writers:
                    writer.stop()
            count = sum(len(writer.references) for writer in writers)
            print(f"{count} leads; after each kill writes were acknowledged again within {late} s")
            assert max(late) < BACK_WITHIN
            # Whoever waits for the database is told so, and nothing else.
            failures = {failure.split()[1] for writer in writers for failure in writer.failures}
            assert failures <= {"503", "0"}, failures
            references = sorted(reference for writer in writers for reference in writer.references)
            browser.until(len(references), LATEST)
            verify_live(office, desk, agent, browser)
        self._verify(settings, agency, writers, browser)

    def _kill(self, postgres: EmbeddedPostgres, writers: list[Writer], *, away: float = 0) -> float:
        """kill -9; how long after the first answer of the new server a write was acknowledged."""
        for writer in writers:
            writer.until(len(writer.references) + BETWEEN)
        assert postgres.pid is not None
        os.kill(postgres.pid, signal.SIGKILL)
        wait_for(lambda: postgres.pid is None, what="The end of PostgreSQL")
        time.sleep(away)
        postgres.revive()
        accepts = time.monotonic()
        while max(writer.acknowledged_at for writer in writers) < accepts:
            assert time.monotonic() < accepts + 60, [writer.failures[-1:] for writer in writers]
            time.sleep(0.01)
        return round(max(writer.acknowledged_at for writer in writers) - accepts, 2)

    def _verify(self, settings: Settings, agency: AgencyUnderTest, writers: list[Writer], browser: Browser) -> None:
        assert settings.database_system_url is not None
        with psycopg.connect(settings.database_owner_url.get_secret_value()) as connection:  # type: ignore[union-attr] # of tests
            connection.execute("SELECT set_config('app.agency_id', %s, false)", (str(agency.id),))

            def rows(sql: str) -> list[Any]:
                return [row[0] for row in connection.execute(sql, (agency.id,))]

            leads = rows("SELECT reference FROM leads_lead WHERE agency_id = %s")
            acknowledged = {reference for writer in writers for reference in writer.references}
            assert acknowledged <= set(leads)
            # One lead for each key, however often it was sent, and each was told of once.
            assert sorted(told(browser)) == sorted(leads)
            names = rows("SELECT name FROM contacts_contact WHERE agency_id = %s")
            assert len(names) == len(set(names)) == len(leads)
            numbers = rows("SELECT seq FROM core_event WHERE agency_id = %s ORDER BY seq")
            assert numbers == list(range(1, len(numbers) + 1))
            assert browser.numbers == list(range(1, len(leads) + 1))


class TestRedis:
    SIGN_INS = 5
    """What RATE_LIMIT_LOGIN allows in a minute."""

    @pytest.fixture
    def office(self, settings: Settings, redis_server: RedisServer, tmp_path: Path) -> Iterator[Office]:
        limit = f"{self.SIGN_INS}/minute"
        with Office(settings, tmp_path, REDIS_HOST=redis_server.url, RATE_LIMIT_LOGIN=limit) as running:
            yield running

    def test_that_hangs_is_emptied_or_killed_costs_little_time_and_nothing_else(
        self, office: Office, redis_server: RedisServer, agency: AgencyUnderTest, browse: Browse
    ) -> None:
        owner, agent = agency.member("owner"), agency.member("agent")
        browser = browse(office.web.url, agent.token)
        with Desk(office.web.port, owner) as desk:
            written = [office.take_in(desk, agent, "before")]
            usually = self._reads(desk)

            redis_server.hang()
            hanging = self._reads(desk)
            print(f"{REQUESTS} requests took {sum(usually):.2f} s, with a Redis that hangs {sum(hanging):.2f} s")
            assert sum(hanging) < 2 * sum(usually) + ONCE
            self._work_goes_on(office, desk, agent, browser, written, "hanging")
            self._sign_ins_are_limited(desk)

            redis_server.go_on()
            with redis.Redis.from_url(redis_server.url) as client:
                client.flushall()
            self._work_goes_on(office, desk, agent, browser, written, "emptied")

            redis_server.kill()
            self._work_goes_on(office, desk, agent, browser, written, "killed")
            self._sign_ins_are_limited(desk)

            redis_server.start()
            self._work_goes_on(office, desk, agent, browser, written, "back")
            verify_live(office, desk, agent, browser)

    def test_that_hangs_from_the_start_keeps_nobody_from_working(
        self, settings: Settings, redis_server: RedisServer, agency: AgencyUnderTest, browse: Browse, tmp_path: Path
    ) -> None:
        redis_server.hang()
        owner, agent = agency.member("owner"), agency.member("agent")
        written: list[str] = []
        with Office(settings, tmp_path, REDIS_HOST=redis_server.url) as office, Desk(office.web.port, owner) as desk:
            browser = browse(office.web.url, agent.token)
            self._work_goes_on(office, desk, agent, browser, written, "from the start")

    def _reads(self, desk: Desk) -> list[float]:
        """How long each of some requests took."""
        found = []
        for _ in range(REQUESTS):
            begun = time.monotonic()
            status, answer = desk.request("GET", "/leads?limit=1")
            assert status == 200, answer
            found.append(time.monotonic() - begun)
        return found

    def _work_goes_on(
        self, office: Office, desk: Desk, agent: ApiClient, browser: Browser, written: list[str], name: str
    ) -> None:
        """Leads are taken in; follower, jobs and gateway bring them to the colleague, if late."""
        written += [office.take_in(desk, agent, f"{name}-{number}") for number in range(3)]
        begun = time.monotonic()
        browser.until(len(written), LATEST)
        print(f"{name}: told after {time.monotonic() - begun:.2f} s")
        # Jobs that tell of different leads may run in any order.
        assert sorted(told(browser)) == sorted(written)
        assert browser.numbers == list(range(1, len(written) + 1))

    def _sign_ins_are_limited(self, desk: Desk) -> None:
        """They are answered, and no more of them than are allowed."""
        credentials = {"email": "nobody@tripfile.example", "password": "whatever it is"}
        answers = [desk.request("POST", "/auth/login", credentials)[0] for _ in range(2 * self.SIGN_INS + 2)]
        assert set(answers) <= {401, 429}, answers
        # Twice as many where a new minute begins in between.
        assert answers.count(401) <= 2 * self.SIGN_INS, answers
        assert answers[-1] == 429
