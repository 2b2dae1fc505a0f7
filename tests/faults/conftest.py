"""A real server process that can be killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from core.config import Settings

ROOT = Path(__file__).parents[2]


class ServerProcess:
    """The web process as `tripfile run` starts it: gunicorn with one gevent worker."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]
        self._environment = environment
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [sys.executable, "-m", "gunicorn", "-k", "gevent", "-w", "1", "-b", f"127.0.0.1:{self.port}"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--no-control-socket", "wsgi:app"],
                cwd=ROOT, env=self._environment, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + 30
        while not self._answers():
            assert self._process.poll() is None, self._log.read_text()[-3000:]
            assert time.monotonic() < deadline, "The server did not answer within 30 s"
            time.sleep(0.05)

    def kill(self) -> None:
        """kill -9, master and worker at once: nobody gets to say goodbye."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _answers(self) -> bool:
        try:
            with urlopen(f"{self.url}/health/live", timeout=1) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False


@pytest.fixture
def server_process(settings: Settings, tmp_path: Path) -> Iterator[Callable[..., ServerProcess]]:
    """Makes server processes on the module's database, and ends them."""
    started: list[ServerProcess] = []

    def make(**more: str) -> ServerProcess:
        environment = os.environ | {
            "DATABASE_URL": _secret(settings.database_url),
            "DATABASE_SYSTEM_URL": _secret(settings.database_system_url),
            "JWT_SECRET": _secret(settings.jwt_secret),
            "RATE_LIMIT_USER": "1000000/minute",
            "LOG_LEVEL": "WARNING",
            **more,
        }
        process = ServerProcess(environment, tmp_path / "server.log")
        started.append(process)
        process.start()
        return process

    yield make
    for process in started:
        process.kill()


def _secret(value: object) -> str:
    return value.get_secret_value()  # type: ignore[attr-defined,no-any-return]
