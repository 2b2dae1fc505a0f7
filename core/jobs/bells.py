"""Bells: empty Huey tasks that wake a queue's workers. They carry nothing, so nothing is lost with them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
import redis
import structlog
from flask import Flask, current_app
from huey import Huey
from huey.exceptions import HueyException
from huey.registry import Message
from huey.serializer import Serializer
from huey.storage import BaseStorage, RedisStorage
from redis.backoff import NoBackoff
from redis.retry import Retry

from core import ids
from core.bus import Bus, sender
from core.bus.wiring import redis_prefix
from core.config import Settings
from core.db import closing
from core.jobs.measurements import refused, ring_failures

log = structlog.get_logger()
CHANNEL = "bells"
"""Where the bus carries the names of queues."""
MOST = 64
"""Bells that wait in Redis for one queue; more wake nobody sooner."""
_TASK = f"{__name__}.bell"
_GLANCE = 1.0
"""Seconds a thread waits for a bell before it looks whether it should end."""
_TIMEOUT = 0.5
_HANGS = 3.0


class Wire(msgspec.Struct, forbid_unknown_fields=True):
    """All there is to a bell on its way."""

    id: str
    name: str


class Ringer:
    """Rings for queues from any process, in the background."""

    def __init__(self, ring: Callable[[str], None]) -> None:
        self._ring = ring

    def ring(self, queues: Iterable[str]) -> None:
        """Wake a worker of each queue, wherever it runs. Returns at once and never raises."""
        for queue in queues:
            self._ring(queue)


def install(app: Flask, settings: Settings) -> None:
    """Have every commit that enqueues something due ring for it."""
    app.extensions["tripfile.bells"] = _ringer(app, settings)
    with app.app_context():
        closing.listeners().append(_after_commit)


def ringer() -> Ringer:
    """The running application's ringer."""
    found: Ringer = current_app.extensions["tripfile.bells"]
    return found


def _after_commit(committed: closing.Committed) -> None:
    ringer().ring(committed.queues)


def _ringer(app: Flask, settings: Settings) -> Ringer:
    if settings.redis_url is None:
        bus: Bus = app.extensions["tripfile.bus"]
        return Ringer(lambda queue: bus.publish(CHANNEL, [queue.encode()]))
    url, prefix = settings.redis_url, redis_prefix(settings)
    line = sender.Sender(lambda: _Rope(url, prefix))
    return Ringer(lambda queue: line.put(queue, [msgspec.json.encode(Wire(str(ids.new()), _TASK))]))


class _Rope:
    """A connection to Redis that puts bells into Huey's queues."""

    def __init__(self, url: str, prefix: str) -> None:
        self._prefix = prefix
        self._client: redis.Redis = redis.Redis.from_url(
            url, socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT, retry=Retry(NoBackoff(), 0)
        )

    def send(self, batch: Sequence[sender.Message]) -> None:
        try:
            with self._client.pipeline(transaction=False) as pipeline:
                for message in batch:
                    pipeline.lpush(huey_key(self._prefix, message.channel), message.body)
                for queue in {message.channel for message in batch}:
                    # While no worker listens they must not fill the memory.
                    pipeline.ltrim(huey_key(self._prefix, queue), 0, MOST - 1)
                pipeline.execute()
        except Exception:
            ring_failures.inc(len(batch))
            raise

    def close(self) -> None:
        self._client.close()


def huey_key(prefix: str, queue: str) -> str:
    """The list in Redis where Huey finds the bells of a queue."""
    return f"huey.redis.{prefix}{queue}"


class Local:
    """Bells inside a process: at most one per thread, because more wake nobody."""

    def __init__(self, threads: int) -> None:
        self._permits = 0
        self.threads = threads
        self._changed = threading.Condition()

    def ring(self) -> None:
        """Wake a thread."""
        with self._changed:
            self._permits = min(self._permits + 1, self.threads)
            self._changed.notify()

    def heard(self, *, within: float) -> bool:
        """Wait for a bell."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._permits > 0, within):
                return False
            self._permits -= 1
            return True


class BusStorage(BaseStorage):  # type: ignore[misc] # Huey has no annotations
    """Huey's queue where there is no Redis: bells come over the bus and are kept in the process."""

    blocking = True

    def __init__(self, name: str, *, local: Local, message: Callable[[], bytes]) -> None:
        super().__init__(name)
        self._local = local
        self._message = message

    def enqueue(self, data: bytes, priority: float | None = None) -> None:
        """Ring here."""
        self._local.ring()

    def dequeue(self) -> bytes | None:
        """The next bell; None where none came for a while."""
        return self._message() if self._local.heard(within=_GLANCE) else None

    def close(self) -> bool:
        """There is nothing to close."""
        return True


class RedisBells(RedisStorage):  # type: ignore[misc] # Huey has no annotations
    """Huey's queue in Redis; while Redis is away, the bells of the process itself still wake it."""

    def __init__(self, name: str, *, url: str, local: Local, message: Callable[[], bytes]) -> None:
        pool = redis.ConnectionPool.from_url(
            url, socket_timeout=_HANGS, socket_connect_timeout=_TIMEOUT, retry=Retry(NoBackoff(), 0)
        )
        super().__init__(name, read_timeout=_GLANCE, connection_pool=pool, clean_name=False)
        self._local = local
        self._message = message
        self._down = False

    def dequeue(self) -> bytes | None:
        """The next bell; None where none came for a while."""
        if self._local.heard(within=0):
            return self._message()
        try:
            found: bytes | None = super().dequeue()
        except (redis.RedisError, OSError) as error:
            if not self._down:
                self._down = True
                log.warning("bells.down", queue=self.name, cause=type(error).__name__, effect="jobs start late")
            return self._message() if self._local.heard(within=_GLANCE) else None
        self._down = False
        return found


class Json(Serializer):  # type: ignore[misc] # Huey has no annotations
    """Bells as JSON. Huey's own way would run whatever code a message names."""

    def _serialize(self, data: Message) -> bytes:
        return msgspec.json.encode(Wire(data.id, data.name))

    def _deserialize(self, data: bytes) -> Message:
        wire = msgspec.json.decode(data, type=Wire)
        return Message(wire.id, wire.name)


class Bells(Huey):  # type: ignore[misc] # Huey has no annotations
    """The Huey of one queue: its only task is the bell, and ringing it drains the queue."""

    def __init__(self, queue: str, *, drain: Callable[[], None], threads: int, settings: Settings) -> None:
        self.local = Local(threads)
        options: dict[str, Any] = {"local": self.local, "message": self._message, "storage_class": BusStorage}
        name = queue
        if settings.redis_url is not None:
            options |= {"storage_class": RedisBells, "url": settings.redis_url}
            name = redis_prefix(settings) + queue
        super().__init__(name, results=False, serializer=Json(), **options)

        def bell() -> None:
            drain()

        bell.__module__ = __name__
        self._bell = self.task()(bell)

    def dequeue(self) -> Any:
        """The next bell. What is no bell is refused: nothing of it runs."""
        try:
            return super().dequeue()
        except (msgspec.MsgspecError, HueyException) as error:
            refused.inc()
            log.warning("bells.refused", queue=self.name, cause=type(error).__name__)
            return None

    def is_revoked(self, task: Any, timestamp: Any = None, peek: bool = True) -> bool:  # noqa: FBT001, FBT002 - Huey's own
        """Never: a bell is not worth a question to Redis."""
        return False

    def delete(self, key: str) -> bool:
        """Nothing is kept about a bell."""
        return True

    def _message(self) -> bytes:
        return msgspec.json.encode(Wire(str(ids.new()), _TASK))
