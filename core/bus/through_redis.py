"""The bus through Redis pub/sub."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from core.bus.hints import Hints
from core.bus.listener import GLANCE, PROBE_EVERY
from core.bus.sender import Message

TIMEOUT = 0.5
"""Seconds Redis may take to connect or to answer; nothing but the bus waits for it."""
_PONG_WITHIN = 1.0
_REST_WITHIN = 2.0


class RedisBus(Hints):
    """Hints between processes that share a Redis; `prefix` keeps installations on one Redis apart."""

    def __init__(self, url: str, *, prefix: str) -> None:
        def client() -> redis.Redis:
            made: redis.Redis = redis.Redis.from_url(
                url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, retry=Retry(NoBackoff(), 0)
            )
            return made

        super().__init__(lambda: _Publisher(client(), prefix), lambda channels: _Ear(client(), prefix, channels))


class _Publisher:
    def __init__(self, client: redis.Redis, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def send(self, batch: Sequence[Message]) -> None:
        with self._client.pipeline(transaction=False) as pipeline:
            for message in batch:
                pipeline.publish(self._prefix + message.channel, message.body)
            pipeline.execute()

    def close(self) -> None:
        self._client.close()


class _Ear:
    def __init__(self, client: redis.Redis, prefix: str, channels: Sequence[str]) -> None:
        self._client = client
        self._prefix = prefix
        # The library leaves this one without annotations.
        self._pubsub: Any = client.pubsub()  # type: ignore[no-untyped-call] # redis-py has no annotation here
        self._heard_at = time.monotonic()
        self._asked_at: float | None = None
        try:
            self._subscribe([prefix + channel for channel in channels])
        except BaseException:
            self.close()
            raise

    def messages(self) -> Iterator[tuple[str, bytes]]:
        patience = GLANCE
        while self._pubsub.connection.can_read(timeout=patience):
            # A large message comes in pieces, and the library gives up when the next one is not there in this time.
            found = self._pubsub.get_message(timeout=_REST_WITHIN)
            self._heard_at, self._asked_at = time.monotonic(), None
            if found is not None and found["type"] == "message":
                yield found["channel"].decode().removeprefix(self._prefix), found["data"]
            patience = 0
        self._probe()

    def close(self) -> None:
        self._pubsub.close()
        self._client.close()

    def _subscribe(self, channels: Sequence[str]) -> None:
        self._pubsub.subscribe(*channels)
        missing, deadline = len(channels), time.monotonic() + 2 * TIMEOUT
        while missing:
            found = self._pubsub.get_message(timeout=TIMEOUT)
            missing -= found is not None and found["type"] == "subscribe"
            if time.monotonic() > deadline:
                raise redis.TimeoutError("Redis does not confirm the subscription")

    def _probe(self) -> None:
        """A Redis that hangs says nothing, and neither does a quiet one: ask."""
        now = time.monotonic()
        if self._asked_at is not None and now - self._asked_at > _PONG_WITHIN:
            raise redis.TimeoutError("Redis does not answer")
        if self._asked_at is None and now - self._heard_at > PROBE_EVERY:
            self._asked_at = now
            self._pubsub.ping()
