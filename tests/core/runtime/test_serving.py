"""The application is made before the processes that serve it are copied from that one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.config import Settings
from core.testing.servers import CommandProcess, environment_for

ROOT = Path(__file__).parents[3]
OPENED = """
import gc, os, threading

def sockets():
    return sum(os.readlink(f"/proc/self/fd/{name}").startswith("socket:") for name in os.listdir("/proc/self/fd")[:-1])

before = sockets()
import wsgi
print(threading.active_count(), sockets() - before, gc.get_freeze_count() > 100_000)
"""

COPIES = """
import os
from core import ids

ids.new()
for _ in range(2):
    if os.fork() == 0:
        print(*(ids.new().int & (1 << 62) - 1 for _ in range(3)), flush=True)
        os._exit(0)
    os.wait()
"""

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Elsewhere workers are no copies")


def memory_kb(pid: str, what: str) -> int:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(next(line.split()[1] for line in text.splitlines() if line.startswith(f"{what}:")))


class TestMakingTheApplication:
    def test_opens_nothing_that_copies_would_share(self, settings: Settings) -> None:
        command = [sys.executable, "-c", OPENED]
        environment = environment_for(settings)
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
        assert done.stdout.split() == ["1", "0", "True"]

    def test_leaves_copies_nothing_to_make_the_same_ids_of(self) -> None:
        done = subprocess.run([sys.executable, "-c", COPIES], cwd=ROOT, capture_output=True, text=True, check=True)
        assert len(set(done.stdout.split())) == 6


class TestWorkers:
    @pytest.fixture
    def workers(self, settings: Settings, tmp_path: Path) -> Iterator[list[str]]:
        environment = environment_for(settings, FILES_DIR=str(tmp_path), WEB_PROCESSES="2")
        server = CommandProcess("api", environment, tmp_path / "server.log")
        server.start()
        yield Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
        server.kill()

    def test_share_the_memory_of_what_was_made_before_them(self, workers: list[str]) -> None:
        assert len(workers) == 2
        for worker in workers:
            assert memory_kb(worker, "Pss") < 0.6 * memory_kb(worker, "Rss")
