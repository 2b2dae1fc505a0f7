"""Worker processes with the chores plugin."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from core.config import Settings
from core.testing.servers import ROOT, WorkerProcess, environment_for

PACKAGES = Path(__file__).parent / "packages"
PLUGINS = "contacts,leads,chores"


class Worker(WorkerProcess):
    """`tripfile worker`, or one whose Python clock goes wrong by so many seconds."""

    def __init__(self, settings: Settings, folder: Path, name: str, *, skew: int = 0, **more: str) -> None:
        environment = environment_for(
            settings,
            PYTHONPATH=os.pathsep.join([str(PACKAGES), str(ROOT)]),
            PLUGINS=PLUGINS,
            CHORES_LOG=str(folder / "outside"),
            REDIS_HOST=settings.redis_host,
            WORKER_LEASE="2s",
            JOBS_BACKOFF="1s",
        )
        super().__init__({**environment, **more}, folder / f"{name}.log")
        # It is asked by its log: a port that was free a moment ago may be somebody's by now.
        del self.environment["WORKER_METRICS_PORT"]
        self.environment["LOG_LEVEL"] = "INFO"
        self._skew = skew

    def command(self) -> list[str]:
        """How it is started."""
        if not self._skew:
            return [sys.executable, "-m", "core.jobs.worker"]
        shifted = f"import time, time_machine; time_machine.travel(time.time() + {self._skew}, tick=True).start()"
        return [sys.executable, "-c", f"{shifted}; import os; from core.jobs.worker import main; os._exit(main())"]

    def answers(self) -> bool:
        """Whether it has begun to work."""
        return "worker.started" in self.log

    @property
    def lives(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None


def wait_until(condition: Callable[[], bool], seconds: float, *, what: Callable[[], object] = lambda: "") -> None:
    """Wait until something holds; AssertionError with what there is instead."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what()
        time.sleep(0.02)
