"""A real browser, spoken to by its own protocol (CDP): what people see, and what its security policy stops."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import time
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from simple_websocket import Client  # type: ignore[import-untyped] # it ships no types

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
"""Empty where there is none."""


class Browser:
    """One window of Chromium, as wide as a phone's."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [
                CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                "--no-first-run", "--remote-debugging-port=0", f"--user-data-dir={folder}", "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        port = self._waited(lambda: _read(folder / "DevToolsActivePort")).split()[0]
        with urlopen(Request(f"http://127.0.0.1:{port}/json/new", method="PUT"), timeout=10) as answer:
            self._socket = Client(json.load(answer)["webSocketDebuggerUrl"])
        self._numbers = itertools.count(1)
        self.complaints: list[str] = []
        """What stood in the console, violations of the policy included."""
        for domain in ("Page", "Runtime", "Log"):
            self.do(f"{domain}.enable")
        self.do("Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=2, mobile=True)

    def do(self, method: str, **params: Any) -> dict[str, Any]:
        """Have it do something; what it answers."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            text = self._socket.receive(timeout=30)
            assert text is not None, f"{method}: the browser does not answer"
            told = json.loads(text)
            if told.get("id") == number:
                assert "error" not in told, told["error"]
                found: dict[str, Any] = told["result"]
                return found
            if told.get("method") in {"Log.entryAdded", "Runtime.exceptionThrown"}:
                self.complaints.append(json.dumps(told["params"]))

    def open(self, address: str) -> None:
        """Go to a page."""
        self.do("Page.navigate", url="about:blank")
        self.do("Page.navigate", url=address)
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    def ask(self, expression: str) -> Any:
        """The value of an expression in the page."""
        told = self.do("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def until(self, expression: str) -> Any:
        """Wait until an expression holds."""
        return self._waited(lambda: self.ask(expression), expression)

    def text(self) -> str:
        """What one reads on the page."""
        found: str = self.ask("document.body.innerText")
        return found

    def picture(self) -> bytes:
        """What it looks like."""
        return b64decode(self.do("Page.captureScreenshot", format="png")["data"])

    def close(self) -> None:
        """End it, with all of its processes."""
        self._socket.close()
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(timeout=10)

    def _waited(self, condition: Callable[[], Any], what: str = "The browser") -> Any:
        deadline = time.monotonic() + 30
        while not (found := condition()):
            assert time.monotonic() < deadline, f"{what} did not come true"
            time.sleep(0.05)
        return found


def _read(file: Path) -> str:
    return file.read_text() if file.exists() else ""
