"""Where rate limits count: in Redis, and in memory without it or while it is down."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import redis
import structlog
from limits.storage import Storage
from redis.backoff import NoBackoff
from redis.retry import Retry

log = structlog.get_logger()

TIMEOUT = 0.2
"""Seconds Redis may take to connect or to answer."""
PROBE_EVERY = 1.0
_BOUND = 50_000
_PREFIX = "tripfile:limits:"
_INCREMENT = """
local count = redis.call('INCRBY', KEYS[1], ARGV[1])
if count == tonumber(ARGV[1]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return {count, redis.call('PTTL', KEYS[1])}
"""


def connect(url: str) -> redis.Redis:
    """A Redis client that gives up after TIMEOUT and tries nothing twice."""
    client: redis.Redis = redis.Redis.from_url(
        url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, retry=Retry(NoBackoff(), 0)
    )
    return client


class Memory:
    """Counters of this process, bounded in number."""

    def __init__(self) -> None:
        self._counters: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def increment(self, key: str, expiry: int, amount: int) -> tuple[int, float]:
        """The new count and when it starts again at zero."""
        now = time.time()
        with self._lock:
            count, ends = self._counters.get(key, (0, 0.0))
            if ends <= now:
                self._make_room(now)
                count, ends = 0, now + expiry
            self._counters[key] = (count + amount, ends)
            return self._counters[key]

    def clear(self) -> None:
        """Forget every counter."""
        self._counters.clear()

    def _make_room(self, now: float) -> None:
        if len(self._counters) < _BOUND:
            return
        self._counters = {key: counter for key, counter in self._counters.items() if counter[1] > now}
        while len(self._counters) >= _BOUND:
            del self._counters[next(iter(self._counters))]


class Counters(Storage):
    """Counts in Redis. When that fails, it counts in memory at once and a thread of its own looks for Redis' return."""

    STORAGE_SCHEME = ["tripfile"]

    def __init__(self, uri: str | None = None, *, redis_url: str | None = None) -> None:
        super().__init__(uri)
        self.redis_url = redis_url
        self.degraded = False
        self.memory = Memory()
        self.seen: Callable[[], dict[str, tuple[int, float]]] = dict
        """Where the counts of the running request are noted, so that its headers cost no second look."""
        self._client = connect(redis_url) if redis_url else None
        self._script = self._client.register_script(_INCREMENT) if self._client else None
        self._probing = threading.Lock()

    @property
    def base_exceptions(self) -> type[Exception]:
        """What the store raises."""
        return redis.RedisError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count; returns the new count."""
        counted = self._shared(key, expiry, amount) or self.memory.increment(key, expiry, amount)
        self.seen()[key] = counted
        return counted[0]

    def get(self, key: str) -> int:
        """The count as the running request left it."""
        return self.seen().get(key, (0, 0.0))[0]

    def get_expiry(self, key: str) -> float:
        """When the count starts again at zero, in seconds since 1970."""
        return self.seen().get(key, (0, time.time()))[1]

    def check(self) -> bool:
        """Whether counts are shared as configured."""
        return not self.degraded

    def reset(self) -> int | None:
        """Forget the counters of this process."""
        self.memory.clear()
        return None

    def clear(self, key: str) -> None:
        """Counters end by themselves."""

    def _shared(self, key: str, expiry: int, amount: int) -> tuple[int, float] | None:
        if self._script is None or self.degraded:
            return None
        try:
            count, left = self._script(keys=[_PREFIX + key], args=[amount, expiry * 1000])
        except (redis.RedisError, OSError) as error:
            self._degrade(error)
            return None
        return int(count), time.time() + left / 1000

    def _degrade(self, error: Exception) -> None:
        if not self._probing.acquire(blocking=False):
            return
        self.degraded = True
        log.error("limits.degraded", cause=type(error).__name__, counting="in memory")
        threading.Thread(target=self._probe, name="limits-probe", daemon=True).start()

    def _probe(self) -> None:
        """Look for Redis until it answers; requests never wait for this."""
        client = connect(self.redis_url or "")
        while True:
            time.sleep(PROBE_EVERY)
            try:
                client.ping()
            except (redis.RedisError, OSError):
                continue
            break
        client.close()
        self.degraded = False
        self._probing.release()
        log.info("limits.recovered")
