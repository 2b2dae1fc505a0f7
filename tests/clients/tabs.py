"""Browser tabs: node with the JavaScript client, told by line what to do."""

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

SCRIPT = stock.ROOT / "tests" / "clients" / "tab.mjs"
Line = dict[str, Any]


class Tab:
    """One tab; `lines` is everything that happened in it."""

    def __init__(self, url: str, *tokens: str | None) -> None:
        stock.packages_of("clients/js")
        self.lines: list[Line] = []
        self._read_to = 0
        self._process = subprocess.Popen(
            [stock.NODE, SCRIPT, json.dumps({"url": url, "tokens": tokens})],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def tell(self, command: str, **more: Any) -> Any:
        """Do something; what it answered."""
        before = len(self.lines)
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": command, **more}) + "\n")
        self._process.stdin.flush()
        found = self.until(lambda line: command in (line.get("done"), line.get("failed")), since=before)
        return found["data"] if found.get("data") is not None else {k: found[k] for k in found if k != "done"}

    def until(self, wanted: Any, *, since: int = 0, seconds: float = 20) -> Line:
        """The first line like this, once it is there."""

        def found() -> Line | None:
            return next((line for line in self.lines[since:] if wanted(line)), None)

        try:
            wait_for(found, seconds)
        except AssertionError:
            raise AssertionError(f"It did not come: {self.lines[-12:]}") from None
        line = found()
        assert line is not None
        return line

    def until_status(self, status: str, times: int = 1) -> None:
        """Wait until the connection has had a status so often."""
        wait_for(lambda: self.all("status").count(status) >= times, 30, what=f"{status} ({self.lines[-8:]})")

    def all(self, key: str) -> list[Any]:
        """Every value of a key, in order."""
        return [line[key] for line in self.lines if key in line]

    def numbers(self) -> list[int]:
        """The numbers of the items that came, in order."""
        return [item["seq"] for item in self.all("item")]

    def close(self) -> None:
        """Close it."""
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
                self.lines.append(json.loads(line))
            except ValueError:
                self.lines.append({"noise": line.rstrip()})
