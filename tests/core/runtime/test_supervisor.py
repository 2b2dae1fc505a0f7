"""`tripfile run` from an empty folder: first start, kills, drain."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from core import processes
from core.supervisor import Child

from .conftest import Command

Start = Callable[..., Command]


def ready(port: int) -> dict[str, object]:
    deadline = time.monotonic() + 30
    while True:
        try:
            with urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5) as answer:
                found: dict[str, object] = json.load(answer)
                return found
        except (URLError, OSError):
            assert time.monotonic() < deadline
            time.sleep(0.1)


def database_pid(command: Command) -> int:
    connection = json.loads((command.output.parent / "var" / "postgres" / "connection.json").read_text())
    return int(connection["pid"])


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def child(pid: int, word: str) -> int | None:
    """The child process that was started with this word, where it runs."""
    for each in children(pid):
        if word in Path(f"/proc/{each}/cmdline").read_text() and not gone(each):
            return each
    return None


def gone(pid: int) -> bool:
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.skipif(not processes.LINUX, reason="only Linux ends children with their parent")
def test_the_life_of_an_installation(tripfile: Start, free_port: int) -> None:
    """One story, because each start costs seconds."""
    first = tripfile("run", PORT=str(free_port), RATE_LIMIT_ANONYMOUS="100000/minute")
    first.wait_for("Tripfile is running")
    assert first.text.count("Password  ") == 1
    assert ready(free_port)["status"] == "ok"

    # Another command joins the running database.
    reset = tripfile("admin", "reset", PORT=str(free_port))
    assert reset.wait() == 0, reset.text
    assert "Password: " in reset.text

    # A killed web process comes back, and so do a killed worker and a killed database.
    first.output = first.output.rename(first.output.with_name("first"))
    worker, web = child(first.process.pid, "core.jobs.worker"), child(first.process.pid, "gunicorn")
    assert worker is not None
    assert web is not None
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: child(first.process.pid, "core.jobs.worker") not in (None, worker), 10)
    os.kill(web, signal.SIGKILL)
    wait_until(lambda: gone(web), 10)
    assert ready(free_port)["status"] == "ok"
    database = database_pid(first)
    os.kill(database, signal.SIGKILL)
    wait_until(lambda: database_pid(first) != database, 10)
    wait_until(lambda: ready(free_port)["status"] == "ok", 10)

    # kill -9 of the supervisor takes everything along, and the next start just works.
    survivors = children(first.process.pid)
    first.process.kill()
    first.wait()
    wait_until(lambda: all(map(gone, survivors)), 5)
    second = tripfile("run", PORT=str(free_port))
    second.wait_for("Tripfile is running")
    assert "Password" not in second.text

    # SIGTERM ends everything in order.
    survivors = children(second.process.pid)
    second.process.send_signal(signal.SIGTERM)
    assert second.wait() == 0, second.text
    assert all(map(gone, survivors))
    assert "Traceback" not in second.text


class TestDraining:
    PATIENT = """
import signal, sys, time
asked = []
signal.signal(signal.SIGTERM, lambda *_: asked.append(1))
print("here", flush=True)
while not asked:
    time.sleep(0.02)
time.sleep(1.5)
sys.exit(len(asked))
"""

    def test_children_are_asked_once_and_come_to_their_end_side_by_side(self) -> None:
        def start() -> subprocess.Popen[bytes]:
            return subprocess.Popen(
                [sys.executable, "-c", self.PATIENT], stdout=subprocess.PIPE, start_new_session=True
            )

        children = [Child(name, start) for name in ("web", "worker")]
        try:
            for each in children:
                each.start()
                assert each.process is not None
                assert each.process.stdout is not None
                each.process.stdout.readline()
            asked = time.monotonic()
            for each in children:
                each.ask()
            for each in children:
                each.drain(10)
            assert time.monotonic() - asked < 2.7
            assert [each.process.returncode for each in children if each.process] == [1, 1]
        finally:
            for each in children:
                each.kill()
                if each.process and each.process.stdout:
                    each.process.stdout.close()
                    each.process.wait(5)
