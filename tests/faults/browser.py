"""People's browsers: node with the JavaScript client that we ship, following a topic."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from contextlib import suppress
from typing import Any

from core.testing.servers import wait_for
from tests.node import stock

SCRIPT = stock.ROOT / "tests" / "faults" / "browser.mjs"


class Browser:
    """One person who follows a topic at an address, until closed."""

    def __init__(self, url: str, token: str | None, topic: str = "notifications") -> None:
        assert token is not None
        stock.packages_of("clients/js")
        self.items: list[dict[str, Any]] = []
        """What came, in the order it came."""
        self.statuses: list[str] = []
        self.errors: list[str] = []
        self.arrived: list[float] = []
        """When each item came, in seconds since 1970."""
        self._process = subprocess.Popen(
            [stock.NODE, SCRIPT, url, token, topic],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def numbers(self) -> list[int]:
        """The numbers of what came, in the order it came."""
        return [item["seq"] for item in self.items]

    def until_connected(self, seconds: float = 30) -> Browser:
        """Wait for the connection."""
        wait_for(lambda: "connected" in self.statuses, seconds, what=f"The connection ({self.errors})")
        return self

    def until(self, count: int, seconds: float) -> None:
        """Wait until so many items have come."""
        try:
            wait_for(lambda: len(self.items) >= count, seconds)
        except AssertionError:
            told = f"{len(self.items)} of {count} items came; {self.statuses[-6:]} {self.errors[-6:]}"
            raise AssertionError(told) from None

    def close(self) -> None:
        """End it."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._reader.join(5)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            try:
                told = json.loads(line)
            except ValueError:
                self.errors.append(line.rstrip())
                continue
            if "item" in told:
                self.arrived.append(told["at"] / 1000)
                self.items.append(told["item"])
            elif "status" in told:
                self.statuses.append(told["status"])
            else:
                self.errors.append(told["error"])
