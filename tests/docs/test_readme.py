"""Every command of the README, run in its order."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
START, TESTS = "make run\n", "make test\n"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("curl") is None, reason="the tour needs curl"),
    pytest.mark.skipif(not (ROOT / ".venv/bin/tripfile").exists(), reason="the README speaks of .venv: make dev"),
]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if name not in {"PLUGINS", "DATABASE_URL"}}
    return kept | {"PORT": str(port), "TRIPFILE_VAR": str(tmp_path_factory.mktemp("var"))}


@pytest.fixture(scope="module")
def running(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The first block: `make run`, up and answering. Gives what it printed."""
    output = tmp_path_factory.mktemp("run") / "output"
    with output.open("wb") as log:
        process = subprocess.Popen(
            ["bash", "-c", START],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait(f"http://127.0.0.1:{environment['PORT']}/health/ready", process, output)
        yield output
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _wait(url: str, process: subprocess.Popen[bytes], output: Path) -> None:
    deadline = time.monotonic() + 170
    while time.monotonic() < deadline:
        assert process.poll() is None, output.read_text()
        try:
            with urlopen(url, timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(output.read_text())


def _run(script: str, environment: dict[str, str]) -> str:
    """Run commands as they stand, on the test's port."""
    script = script.replace("localhost:3000", f"localhost:{environment['PORT']}")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


class TestStart:
    def test_it_comes_first_and_prints_the_password_once(self, running: Path) -> None:
        assert BLOCKS[0] == START
        printed = running.read_text()
        assert printed.count("Password") == 1
        assert "admin@tripfile.example" in printed

    def test_the_documentation_is_where_it_says(self, running: Path, environment: dict[str, str]) -> None:
        assert "http://localhost:3000/docs" in README
        with urlopen(f"http://127.0.0.1:{environment['PORT']}/docs", timeout=5) as page:
            assert page.status == 200


class TestTour:
    def test_from_signing_in_to_a_refused_lead(self, running: Path, environment: dict[str, str]) -> None:
        tour = [block for block in BLOCKS if "curl" in block]
        assert len(tour) == 9
        # One shell, as a reader has; a blank line tells the answers apart.
        told = _run("\necho\n".join(tour), environment)
        assert '"reference":"L-' in told
        assert '"status":"qualified"' in told
        assert '"title":"Call about the flights"' in told
        assert '"reference","destinations","status"' in told
        assert '"name":"leads.lead_moved"' in told
        assert '"upto":' in told
        for pointer in ("/adults", "/budget/currency", "/colour"):
            assert f'"pointer":"{pointer}"' in told


class TestCommands:
    def test_jobs_are_shown_and_the_log_is_as_it_was_written(self, running: Path, environment: dict[str, str]) -> None:
        (block,) = [block for block in BLOCKS if "audit verify" in block]
        _run(block, environment)

    def test_the_demo_world_is_made_with_its_progress_and_a_password(
        self, running: Path, environment: dict[str, str]
    ) -> None:
        (block,) = [block for block in BLOCKS if "demo seed" in block]
        told = _run(block, environment)
        assert "5,000 leads" in told
        assert "owner@northlight.example" in told
        assert told.count("Password") == 1

    def test_check_finds_nothing_wrong(self, running: Path, environment: dict[str, str]) -> None:
        (block,) = [block for block in BLOCKS if "tripfile check" in block]
        _run(block, environment)

    def test_another_agency_gets_its_administrator(self, running: Path, environment: dict[str, str]) -> None:
        (block,) = [block for block in BLOCKS if "agencies create" in block]
        assert "ana@sunrise.example" in _run(block, environment)


# It installs something into the environment that all processes run in.
@pytest.mark.alone
class TestPlugin:
    def test_a_new_plugin_is_green_and_enabled(
        self, running: Path, environment: dict[str, str], tmp_path: Path
    ) -> None:
        (block,) = [block for block in BLOCKS if "plugins new" in block]
        script = block.replace("--into ..", f"--into {tmp_path}").replace(
            "../river-cruises", f"{tmp_path}/river-cruises"
        )
        try:
            told = _run(script, environment)
        finally:
            subprocess.run(
                [".venv/bin/python", "-m", "pip", "uninstall", "--yes", "--quiet", "tripfile-river-cruises"],
                cwd=ROOT, capture_output=True, check=False,
            )  # fmt: skip
        assert " passed" in told
        assert "failed" not in told


class TestEverything:
    def test_no_command_is_left_out(self) -> None:
        words = ("curl", "demo seed", "audit verify", "tripfile check", "agencies create", "plugins new")
        left = [block for block in BLOCKS if block not in {START, TESTS} and not any(word in block for word in words)]
        assert not left

    def test_the_tests_are_what_decides_whether_a_change_lands(self) -> None:
        assert TESTS in BLOCKS
        assert "make test" in (ROOT / ".ci/run").read_text()
