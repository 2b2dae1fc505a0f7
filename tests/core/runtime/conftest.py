"""Servers of the test's own, which may be killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CLEAN = {key: value for key, value in os.environ.items() if "DATABASE" not in key and "JWT" not in key}


class Command:
    """A `tripfile` command in a folder of its own, with nothing in the environment but what is given."""

    def __init__(self, folder: Path, *words: str, **environment: str) -> None:
        self.output = folder / "output"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", "from core.cli import main; main()", *words],
                cwd=folder,
                env={**CLEAN, "PYTHONPATH": str(ROOT), "TRIPFILE_VAR": str(folder / "var"), **environment},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def text(self) -> str:
        return self.output.read_text()

    def wait(self, seconds: float = 60) -> int:
        return self.process.wait(seconds)

    def wait_for(self, words: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while words not in self.text:
            assert self.process.poll() is None, self.text
            assert time.monotonic() < deadline, self.text
            time.sleep(0.05)


@pytest.fixture
def tripfile(tmp_path: Path) -> Iterator[Callable[..., Command]]:
    """Starts commands and ends them after the test."""
    started: list[Command] = []

    def start(*words: str, **environment: str) -> Command:
        started.append(Command(tmp_path, *words, **environment))
        return started[-1]

    yield start
    for command in started:
        if command.process.poll() is None:
            command.process.send_signal(signal.SIGTERM)
            command.wait()


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port
