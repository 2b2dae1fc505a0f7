"""An installation as it runs in production, small: two API processes, two gateways and a worker behind nginx."""

from __future__ import annotations

import http.client
import json
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from core.config import Settings
from core.testing.clients import ApiClient
from core.testing.nginx import Nginx
from core.testing.servers import CommandProcess, RedisServer, ServerProcess, WorkerProcess, environment_for


class Installation:
    """Processes on one database; `with` ends all of them."""

    def __init__(self, settings: Settings, folder: Path, **environment: str) -> None:
        self.redis = RedisServer(folder)
        shared = {"REDIS_HOST": self.redis.url, "TRUSTED_PROXIES": "127.0.0.1", "DATABASE_POOL_SIZE": "8"}
        shared = environment_for(settings, **(shared | environment))
        self.apis = [CommandProcess("api", shared, folder / f"api{number}.log") for number in range(2)]
        self.gateways = [CommandProcess("gateway", shared, folder / f"gateway{number}.log") for number in range(2)]
        self.worker = WorkerProcess(shared, folder / "worker.log")
        self.nginx = Nginx(folder, api=self.apis, gateway=self.gateways)
        self._started = ExitStack()

    @property
    def url(self) -> str:
        """Where people find it."""
        return self.nginx.url

    @property
    def processes(self) -> list[ServerProcess]:
        """Ours, without nginx and Redis."""
        return [*self.apis, *self.gateways, self.worker]

    def __enter__(self) -> Self:
        with ExitStack() as started:
            started.callback(self.redis.kill)
            self.redis.start()
            for process in self.processes:
                started.callback(process.kill)
                process.launch()
            for process in self.processes:
                process.await_answer()
            started.callback(self.nginx.kill)
            self.nginx.start()
            self._started = started.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._started.close()


class Desk:
    """One person's connection to the API of an address."""

    def __init__(self, port: int, by: ApiClient | None) -> None:
        self.token = by.token if by is not None else None
        self._port = port
        self._used_at = 0.0
        self._connection: http.client.HTTPConnection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.hang_up()

    def request(self, method: str, path: str, body: Any = None, *, key: str | None = None) -> tuple[int, Any]:
        """Status and JSON of the answer; 0 where none came."""
        headers = {"Content-Type": "application/json", "If-Match": "*"}
        headers |= {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= {"Idempotency-Key": key} if key else {}
        if time.monotonic() - self._used_at > 1:
            # Servers close connections that nobody uses; a browser would notice.
            self.hang_up()
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
            self._connection.request(method, f"/api/v1{path}", json.dumps(body) if body else None, headers)
            answer = self._connection.getresponse()
            text = answer.read()
            self._used_at = time.monotonic()
        except (OSError, http.client.HTTPException) as error:
            self.hang_up()
            return 0, repr(error)
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, {"text": text[:200].decode(errors="replace")}

    def take_in(self, owner: ApiClient, *, name: str, key: str) -> tuple[int, Any]:
        """Make a lead for somebody."""
        return self.request("POST", "/leads", {"contact": {"name": name}, "owner_id": str(owner.user_id)}, key=key)

    def hang_up(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Writer(threading.Thread):
    """Somebody at a desk who takes in leads for a colleague until told to stop, and reads them in between."""

    def __init__(self, port: int, by: ApiClient, owner: ApiClient, *, name: str, pause: float = 0.05) -> None:
        super().__init__(name=name, daemon=True)
        self.references: list[str] = []
        """Of the leads that were acknowledged."""
        self.failures: list[str] = []
        """Requests that got no answer, or an answer from a server that could not do it; each was made again."""
        self.slowest = 0.0
        """Seconds the slowest answered request took."""
        self.acknowledged_at = 0.0
        """When the last was acknowledged."""
        self._desk = Desk(port, by)
        self._owner = owner
        self._pause = pause
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Write what is begun, and no more."""
        self._stopping.set()
        self.join(60)
        assert not self.is_alive(), f"{self.name} does not end: {self.failures[-3:]}"

    def until(self, count: int, seconds: float = 60) -> None:
        """Wait until so many leads are acknowledged."""
        deadline = time.monotonic() + seconds
        while len(self.references) < count:
            assert self.is_alive(), f"{self.name} ended: {self.failures[-3:]}"
            assert time.monotonic() < deadline, f"{len(self.references)} of {count}: {self.failures[-3:]}"
            time.sleep(0.02)

    def run(self) -> None:
        """Until told to stop."""
        number = 0
        with self._desk:
            while not self._stopping.is_set():
                self._take_in(f"{self.name}-{number}")
                self._read()
                number += 1
                time.sleep(self._pause)

    def _take_in(self, key: str) -> None:
        """One lead, under one key however often it takes."""
        deadline = time.monotonic() + 50
        while time.monotonic() < deadline:
            begun = time.monotonic()
            status, answer = self._desk.take_in(self._owner, name=key, key=key)
            if status == 201:
                self.slowest = max(self.slowest, time.monotonic() - begun)
                self.acknowledged_at = time.monotonic()
                self.references.append(answer["reference"])
                return
            if not (status == 409 and answer.get("code") == "idempotency_in_flight"):
                self.failures.append(f"POST {status} {answer}")
            time.sleep(0.05)
        self.failures.append(f"{key} was given up")
        self._stopping.set()

    def _read(self) -> None:
        begun = time.monotonic()
        status, answer = self._desk.request("GET", "/leads?limit=5")
        self.slowest = max(self.slowest, time.monotonic() - begun)
        if status != 200:
            self.failures.append(f"GET {status} {answer}")
