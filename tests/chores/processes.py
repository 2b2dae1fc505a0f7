"""Worker processes that tests start, kill and look at."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.config import Settings

ROOT = Path(__file__).parents[2]
PACKAGES = Path(__file__).parent / "packages"
PLUGINS = "contacts,leads,chores"


class WorkerProcess:
    """`tripfile worker`, in a session of its own."""

    def __init__(self, environment: dict[str, str], log: Path, *, command: list[str] | None = None) -> None:
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                command or [sys.executable, "-m", "core.jobs.worker"],
                cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip

    def kill(self) -> None:
        """kill -9: nobody gets to say goodbye."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)

    def ask_to_end(self) -> None:
        """SIGTERM."""
        self.process.send_signal(signal.SIGTERM)

    @property
    def lives(self) -> bool:
        return self.process.poll() is None


def environment(settings: Settings, log: Path, **more: str) -> dict[str, str]:
    """What a worker on the database of a test needs."""
    secrets: dict[str, Any] = {
        "DATABASE_URL": settings.database_url,
        "DATABASE_SYSTEM_URL": settings.database_system_url,
        "JWT_SECRET": settings.jwt_secret,
    }
    return {
        **os.environ,
        **{key: value.get_secret_value() for key, value in secrets.items()},
        "PYTHONPATH": os.pathsep.join([str(PACKAGES), str(ROOT)]),
        "PLUGINS": PLUGINS,
        "CHORES_LOG": str(log),
        "LOG_LEVEL": "WARNING",
        "WORKER_LEASE": "3s",
        "JOBS_BACKOFF": "1",
        "REDIS_HOST": settings.redis_host,
        **more,
    }


def wait_until(condition: Callable[[], bool], seconds: float, *, what: Callable[[], object] = lambda: "") -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what()
        time.sleep(0.03)
