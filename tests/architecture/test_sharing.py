"""Tests in several processes: whoever measures time has the machine to itself, the others share it."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

from core.testing.servers import wait_for
from tests.conftest import Turns

ROOT = Path(__file__).parents[2]
FILE = """
import time
from pathlib import Path
import pytest

def test_both_begin():
    Path("{mine}").touch()
    deadline = time.monotonic() + 20
    while not Path("{other}").exists():
        assert time.monotonic() < deadline, "The other process runs nothing meanwhile"
        time.sleep(0.01)

@pytest.mark.alone
def test_alone():
    with open("log", "a") as log:
        log.write("in ")
        log.flush()
        time.sleep(0.3)
        log.write("out ")

def test_with_the_other():
    with open("log", "a") as log:
        log.write("with ")
"""


class TestTurns:
    def test_any_number_come_together(self, tmp_path: Path) -> None:
        with closing(Turns(tmp_path)) as first, closing(Turns(tmp_path)) as second, first.together(), second.together():
            pass

    def test_alone_waits_for_the_others_and_goes_before_those_who_come_later(self, tmp_path: Path) -> None:
        told: list[str] = []

        def go_in(word: str) -> None:
            with closing(Turns(tmp_path)) as turns, turns.alone() if word == "alone" else turns.together():
                told.append(word)

        threads = [threading.Thread(target=go_in, args=[word]) for word in ("alone", "later")]
        with closing(Turns(tmp_path)) as here, here.together():
            threads[0].start()
            wait_for(lambda: _is_taken(tmp_path / "door"), what="The wait at the door")
            threads[1].start()
            assert told == []
        for thread in threads:
            thread.join(10)
        assert told == ["alone", "later"]


class TestProcesses:
    def test_run_files_side_by_side_and_nothing_beside_a_test_that_is_alone(self, tmp_path: Path) -> None:
        for mine, other in ("ab", "ba"):
            (tmp_path / f"test_{mine}.py").write_text(FILE.format(mine=mine, other=other))
        (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = alone\n slow\n")
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "xdist",
            "-p",
            "tests.conftest",
            "-p",
            "no:cacheprovider",
        ]
        command += ["-n", "auto", "--maxprocesses", "2", "--dist", "loadfile", f"--basetemp={tmp_path}/run"]
        environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        told = (tmp_path / "log").read_text().split()
        assert sorted(told) == ["in", "in", "out", "out", "with", "with"]
        assert [told[place + 1] for place, word in enumerate(told) if word == "in"] == ["out", "out"]


def _is_taken(file: Path) -> bool:
    with file.open("rb") as seen:
        try:
            fcntl.flock(seen, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
