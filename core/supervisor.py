"""`tripfile run`: PostgreSQL, migrations, a web process and a worker under one parent that looks after them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import FrameType

import click
from pydantic import SecretStr

from core import checks, processes
from core.config import ConfigurationError, Settings, plugin_environment
from core.db.attachment import connected, with_secret
from core.db.embedded import EmbeddedPostgres

READY_SECONDS = 60.0
DRAIN_SECONDS = 15
WORKER_DRAIN_SECONDS = 20
STEADY_SECONDS = 60.0
LONGEST_PAUSE = 10.0
TICK = 0.2


class Stop(BaseException):
    """Somebody asked us to end."""


class Child:
    """A process that is started again when it ends by itself, later each time while it keeps ending."""

    def __init__(self, name: str, start: Callable[[], subprocess.Popen[bytes]]) -> None:
        self.name = name
        self.process: subprocess.Popen[bytes] | None = None
        self._start = start
        self._started_at = 0.0
        self._pause = 0.0
        self._due_at: float | None = None

    @property
    def pid(self) -> int | None:
        """Its pid, where it was started."""
        return self.process.pid if self.process else None

    @property
    def lives(self) -> bool:
        """Whether it runs."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start it."""
        self.process = self._start()
        self._started_at = time.monotonic()
        self._due_at = None

    def look_after(self) -> None:
        """Start it again when it has ended and its time has come."""
        if self.lives:
            return
        now = time.monotonic()
        if self._due_at is None:
            if now - self._started_at > STEADY_SECONDS:
                self._pause = 0.0
            click.echo(f"The {self.name} ended by itself and is started again in {self._pause:.1f} s", err=True)
            self.kill()  # What it started may still hold connections.
            self._due_at = now + self._pause
            self._pause = min(max(2 * self._pause, 0.5), LONGEST_PAUSE)
        if now >= self._due_at:
            self.start()

    def ask(self) -> None:
        """Have it end in order. Once: a second signal tells it to hurry."""
        if self.process is not None and self.lives:
            self.process.terminate()

    def drain(self, patience: float) -> None:
        """Wait until it has ended as it was asked to, and end it by force when that takes too long."""
        if self.process is not None:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(patience)
        self.kill()

    def kill(self) -> None:
        """End it and what it started, at once."""
        _kill_group(self.process)


class Supervisor:
    """Holds the port and the database for as long as it lives; the web process and the worker come and go."""

    def __init__(self, settings: Settings) -> None:
        self.settings = with_secret(settings)
        self.listener: socket.socket | None = None
        self.database: EmbeddedPostgres | None = None
        self.web = Child("web process", self._start_web)
        self.worker = Child("worker", self._start_worker)

    def run(self) -> None:
        """Serve until SIGTERM, SIGINT or SIGHUP; raises ConfigurationError when it cannot start."""
        _arrange_signals()
        processes.adopt_orphans()
        try:
            self._refuse_nonsense()
            # Before anything is touched, so that a busy port is known; connections queue here while the web restarts.
            self.listener = checks.listen(self.settings.host, self.settings.port)
            self._start_database()
            self._prepare()
            self.web.start()
            self.worker.start()
            self._wait_until_ready()
            self._watch()
        except Stop:
            click.echo("Stopping", err=True)
        finally:
            self._end()

    def _refuse_nonsense(self) -> None:
        problems = self.settings.problems() + checks.installation_problems("gunicorn", "gevent")
        if problems:
            raise ConfigurationError(problems)

    def _start_database(self) -> None:
        if self.settings.database_url is not None:
            return
        click.echo("Starting PostgreSQL")
        self.database = EmbeddedPostgres(self.settings.var_dir / "postgres")
        self.database.start()
        self.settings = connected(self.settings, self.database.superuser_url)

    def _prepare(self) -> None:
        # Another process, so that this one, which lives as long as the installation, never loads the application.
        command = [sys.executable, "-m", "core.preparation"]
        child = processes.spawn(command, cwd=Path.cwd(), env=self._environment(), dies_by=signal.SIGKILL)
        if child.wait() != 0:
            raise ConfigurationError(["Tripfile does not start: see above"])

    def _environment(self) -> dict[str, str]:
        addresses = {
            "DATABASE_URL": self.settings.database_url,
            "DATABASE_OWNER_URL": self.settings.database_owner_url,
            "DATABASE_SYSTEM_URL": self.settings.database_system_url,
            "JWT_SECRET": self.settings.jwt_secret,
        }
        return {**plugin_environment(), **_revealed(addresses)}

    def _serving_environment(self) -> dict[str, str]:
        # Whoever serves has no business with the role that migrates. Empty, so that `.env` does not bring it back.
        return {**self._environment(), "DATABASE_OWNER_URL": ""}

    def _start_web(self) -> subprocess.Popen[bytes]:
        assert self.listener is not None
        descriptor = self.listener.fileno()
        return processes.spawn(
            web_command(f"fd://{descriptor}"),
            cwd=Path.cwd(),
            env=self._serving_environment(),
            dies_by=signal.SIGQUIT,  # gunicorn's quick shutdown; its worker follows within a second.
            keep=(descriptor,),
        )

    def _start_worker(self) -> subprocess.Popen[bytes]:
        return processes.spawn(
            worker_command(),
            cwd=Path.cwd(),
            env=self._serving_environment(),
            dies_by=signal.SIGKILL,  # The database goes at the same time; leases expire.
        )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not checks.answers(self.settings):
            if not self.web.lives or time.monotonic() > deadline:
                raise ConfigurationError(["The web process does not start: see above"])
            time.sleep(TICK)
        click.echo(f"Tripfile is running: {checks.address(self.settings)}/docs (Ctrl-C stops it)")

    def _watch(self) -> None:
        while True:
            _reap(self.web.pid, self.worker.pid, self.database.pid if self.database else None)
            if self.database is not None and self.database.pid is None:
                click.echo("PostgreSQL ended by itself and is started again", err=True)
                self.database.revive()
            self.web.look_after()
            self.worker.look_after()
            time.sleep(TICK)

    def _end(self) -> None:
        """No new connections; running jobs and requests in flight come to their end side by side; then the database."""
        _on_signals(lambda *_: self._kill())  # A second signal is impatient.
        if self.listener is not None:
            self.listener.close()
        for child in (self.web, self.worker):
            child.ask()
        self.worker.drain(WORKER_DRAIN_SECONDS + 5)
        self.web.drain(DRAIN_SECONDS + 5)
        if self.database is not None:
            self.database.stop()

    def _kill(self) -> None:
        self.web.kill()
        self.worker.kill()


def web_command(bind: str) -> list[str]:
    """gunicorn with one gevent worker, serving the API and the sockets."""
    command = [sys.executable, "-m", "gunicorn", "wsgi:app", "--worker-class", "gevent", "--workers", "1"]
    command += ["--bind", bind, "--worker-connections", "10000", "--graceful-timeout", str(DRAIN_SECONDS)]
    return [*command, "--no-control-socket", "--log-level", "warning"]


def worker_command() -> list[str]:
    """The process that runs jobs."""
    return [sys.executable, "-m", "core.jobs.worker"]


def _revealed(secrets: Mapping[str, SecretStr | None]) -> dict[str, str]:
    return {key: secret.get_secret_value() for key, secret in secrets.items() if secret is not None}


def _arrange_signals() -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        _on_signals(signal.SIG_IGN)  # Until the orderly end has its own handler.
        raise Stop

    _on_signals(stop)


def _on_signals(action: signal.Handlers | Callable[[int, FrameType | None], None]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, action)


def _kill_group(process: subprocess.Popen[bytes] | None) -> None:
    if process is None:
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _reap(*known: int | None) -> None:
    """Bury adopted orphans; our own children are left to their Popen, which wants to see how they ended."""
    with suppress(ChildProcessError):
        while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is not None:
            if ended.si_pid in known:
                return
            os.waitpid(ended.si_pid, 0)
