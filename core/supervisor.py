"""`tripfile run`: PostgreSQL, migrations and one web process under one parent that starts, watches and ends them."""

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
STEADY_SECONDS = 60.0
LONGEST_PAUSE = 10.0
TICK = 0.2


class Stop(BaseException):
    """Somebody asked us to end."""


class Supervisor:
    """Holds the port and the database for as long as it lives; the web process comes and goes."""

    def __init__(self, settings: Settings) -> None:
        self.settings = with_secret(settings)
        self.listener: socket.socket | None = None
        self.database: EmbeddedPostgres | None = None
        self.web: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._pause = 0.0

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
            self._start_web()
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

    def _start_web(self) -> None:
        assert self.listener is not None
        descriptor = self.listener.fileno()
        # Whoever serves has no business with the role that migrates. Empty, so that `.env` does not bring it back.
        environment = {**self._environment(), "DATABASE_OWNER_URL": ""}
        self.web = processes.spawn(
            web_command(f"fd://{descriptor}"),
            cwd=Path.cwd(),
            env=environment,
            dies_by=signal.SIGQUIT,  # gunicorn's quick shutdown; its worker follows within a second.
            keep=(descriptor,),
        )
        self._started_at = time.monotonic()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not checks.answers(self.settings):
            if self.web is None or self.web.poll() is not None or time.monotonic() > deadline:
                raise ConfigurationError(["The web process does not start: see above"])
            time.sleep(TICK)
        click.echo(f"Tripfile is running: {checks.address(self.settings)}/docs (Ctrl-C stops it)")

    def _watch(self) -> None:
        while True:
            _reap(self.web.pid if self.web else None, self.database.pid if self.database else None)
            if self.database is not None and self.database.pid is None:
                click.echo("PostgreSQL ended by itself and is started again", err=True)
                self.database.revive()
            if self.web is None or self.web.poll() is not None:
                self._restart_web()
            time.sleep(TICK)

    def _restart_web(self) -> None:
        if time.monotonic() - self._started_at > STEADY_SECONDS:
            self._pause = 0.0
        click.echo(f"The web process ended by itself and is started again in {self._pause:.1f} s", err=True)
        _kill_group(self.web)  # Its worker may still hold connections.
        time.sleep(self._pause)
        self._pause = min(max(2 * self._pause, 0.5), LONGEST_PAUSE)
        self._start_web()

    def _end(self) -> None:
        """In order: no new connections, requests in flight answered, then the database."""
        _on_signals(lambda *_: _kill_group(self.web))  # A second signal is impatient.
        if self.listener is not None:
            self.listener.close()
        if self.web is not None and self.web.poll() is None:
            self.web.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.web.wait(DRAIN_SECONDS + 5)
        _kill_group(self.web)
        if self.database is not None:
            self.database.stop()


def web_command(bind: str) -> list[str]:
    """gunicorn with one gevent worker, serving the API and the sockets."""
    command = [sys.executable, "-m", "gunicorn", "wsgi:app", "--worker-class", "gevent", "--workers", "1"]
    command += ["--bind", bind, "--worker-connections", "10000", "--graceful-timeout", str(DRAIN_SECONDS)]
    return [*command, "--no-control-socket", "--log-level", "warning"]


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
