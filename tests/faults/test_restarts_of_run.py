"""`tripfile run` from an empty folder: people work, its processes are killed, and they are told all the same."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from core import processes
from core.testing.servers import free_port, wait_for
from tests.core.runtime.conftest import Command
from tests.faults.browser import Browser
from tests.faults.installation import Desk

COLLEAGUE = "colleague@tripfile.example"
PASSWORD = "a passphrase of somebody in a test"
LATEST = 30.0
"""Seconds: every process and every hint may be away for a while."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not processes.LINUX, reason="only Linux ends children with their parent"),
]


class Person(Desk):
    """Somebody who signs in with a password."""

    def __init__(self, port: int, email: str, password: str) -> None:
        super().__init__(port, None)
        self.token = self.ok("POST", "/auth/login", {"email": email, "password": password})["access_token"]
        self.id: str = self.ok("GET", "/auth/me")["user"]["id"]

    def ok(self, method: str, path: str, body: Any = None) -> Any:
        """Use the API, through short outages."""
        key, deadline = os.urandom(8).hex(), time.monotonic() + LATEST
        while True:
            status, answer = self.request(method, path, body, key=key if method == "POST" else None)
            if status in {200, 201}:
                return answer
            assert status in {0, 503}, f"{method} {path}: {status} {answer}"
            assert time.monotonic() < deadline, f"{method} {path}: {status} {answer}"
            time.sleep(0.1)


def child(parent: int, word: str) -> int | None:
    """The process that the supervisor started with this word, where it runs."""
    for each in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        with suppress(OSError):
            running = "\nState:\tZ" not in Path(f"/proc/{each}/status").read_text()
            if running and word in Path(f"/proc/{each}/cmdline").read_text():
                return int(each)
    return None


def descendants(parent: int) -> set[int]:
    """Everything below a process."""
    found: set[int] = set()
    with suppress(OSError):
        for each in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
            found |= {int(each)} | descendants(int(each))
    return found


def lives(pid: int) -> bool:
    with suppress(OSError):
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    return False


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[Command, int]]:
    """`tripfile run` in an empty folder, and its port; nothing of it survives."""
    port = free_port()
    command = Command(tmp_path, "run", PORT=str(port), RATE_LIMIT_ANONYMOUS="100000/minute", LOG_LEVEL="WARNING")
    try:
        command.wait_for("Tripfile is running", 120)
        yield command, port
    finally:
        left = descendants(command.process.pid)
        command.process.kill()
        command.wait()
        # The kernel takes the children along.
        wait_for(lambda: not any(map(lives, left)), 20, what="The end of everything")


class TestRun:
    def test_people_are_told_whatever_is_killed_and_all_of_it_ends(self, running: tuple[Command, int]) -> None:
        command, port = running
        email, password = re.findall(r"(?:E-mail|Password)\s+(\S+)", command.text)[:2]
        owner = Person(port, email, password)
        owner.ok("POST", "/invitations", {"email": COLLEAGUE, "roles": ["admin"]})
        # Without a mail server the letter stands on the console.
        wait_for(lambda: re.search(r"invitation#token=\S+", command.text), 30, what="The letter")
        (token,) = re.findall(r"invitation#token=(\S+)", command.text)
        owner.ok("POST", "/invitations/accept", {"token": token, "name": "Ana", "password": PASSWORD})
        colleague = Person(port, COLLEAGUE, PASSWORD)
        browser = Browser(f"http://127.0.0.1:{port}", colleague.token)
        try:
            browser.until_connected()
            told = [self._hand_over(owner, colleague)]
            browser.until(1, LATEST)
            for word in ("core.jobs.worker", "gunicorn"):
                self._kill(command, word)
                told.append(self._hand_over(owner, colleague))
                browser.until(len(told), LATEST)
            assert [item["words"]["reference"] for item in browser.items] == told
            assert browser.numbers == [1, 2, 3]
            everything = descendants(command.process.pid)
            assert len(everything) > 4
            command.process.send_signal(signal.SIGTERM)
            assert command.wait(60) == 0, command.text
            assert [pid for pid in everything if lives(pid)] == []
            assert "Traceback" not in command.text
        finally:
            browser.close()
            owner.hang_up()
            colleague.hang_up()

    def _hand_over(self, owner: Person, colleague: Person) -> str:
        """A lead that becomes the colleague's; its reference."""
        lead = owner.ok("POST", "/leads", {"contact": {"name": "Ben Okri"}})
        owner.ok("POST", f"/leads/{lead['id']}/assignment", {"owner_id": colleague.id})
        reference: str = lead["reference"]
        return reference

    def _kill(self, command: Command, word: str) -> None:
        """kill -9, and wait until the supervisor has started another one."""
        pid = child(command.process.pid, word)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: child(command.process.pid, word) not in (None, pid), 20, what=f"The return of {word}")
