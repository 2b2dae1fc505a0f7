"""Where rate limits count: in Redis, and in memory without it or while it is down."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple

import redis
import structlog
from limits.storage import Storage
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError
from redis.retry import Retry

log = structlog.get_logger()

TIMEOUT = 0.2
"""Seconds Redis may take to connect or to answer."""
PROBE_EVERY = 1.0
_BOUND = 50_000
_PREFIX = "tripfile:limits:"
_ANY_NUMBER = 2**53
_TAKE = """
local counted = {}
for number, key in ipairs(KEYS) do
    local expiry, limit = ARGV[2 * number], tonumber(ARGV[2 * number + 1])
    local count = redis.call('INCRBY', key, ARGV[1])
    if count == tonumber(ARGV[1]) then redis.call('PEXPIRE', key, expiry) end
    table.insert(counted, count)
    table.insert(counted, redis.call('PTTL', key))
    if count > limit then break end
end
return counted
"""


class Bound(NamedTuple):
    """What may be counted under a key."""

    key: str
    seconds: int
    """After which it starts again at zero."""
    amount: int


class Count(NamedTuple):
    """How much of a limit is used."""

    value: int
    ends: float
    """When it starts again at zero, in seconds since 1970."""


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


class Script:
    """A script in Redis, asked over connections of its own: the client's way takes longer than Redis and the way there.

    Raises redis' errors, OSError.
    """

    def __init__(self, client: redis.Redis, text: str) -> None:
        self._pool = client.connection_pool
        self._text = text
        self._sha = client.register_script(text).sha
        self._idle: deque[Any] = deque()

    def ask(self, keys: Sequence[str], values: Sequence[int]) -> list[int]:
        """Run it, in one round trip where Redis knows it."""
        try:
            return self._asked("EVALSHA", self._sha, len(keys), *keys, *values)
        except NoScriptError:
            return self._asked("EVAL", self._text, len(keys), *keys, *values)

    def _asked(self, *command: str | int) -> list[int]:
        while True:
            connection, is_new = self._connection()
            try:
                connection.send_command(*command)
                answer: list[int] = connection.read_response()
            except redis.ResponseError:
                self._idle.append(connection)
                raise
            except redis.ConnectionError:
                connection.disconnect()
                # Redis may have closed it while it was idle.
                if is_new:
                    raise
            except BaseException:
                connection.disconnect()
                raise
            else:
                self._idle.append(connection)
                return answer

    def _connection(self) -> tuple[Any, bool]:
        try:
            return self._idle.pop(), False
        except IndexError:
            return self._pool.make_connection(), True


class Counters(Storage):
    """Counts in Redis. When that fails, it counts in memory at once and a thread of its own looks for Redis' return."""

    STORAGE_SCHEME = ["tripfile"]

    def __init__(self, uri: str | None = None, *, redis_url: str | None = None) -> None:
        super().__init__(uri)
        self.redis_url = redis_url
        self.degraded = False
        self.memory = Memory()
        self._script = Script(connect(redis_url), _TAKE) if redis_url else None
        self._probing = threading.Lock()

    @property
    def base_exceptions(self) -> type[Exception]:
        """What the store raises."""
        return redis.RedisError

    def take(self, bounds: Sequence[Bound], *, cost: int) -> list[Count]:
        """Count under each key, up to and including the first whose limit that passes: one question for all."""
        return self._shared(bounds, cost) or self._own(bounds, cost)

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count; returns the new count."""
        return self.take([Bound(key, expiry, _ANY_NUMBER)], cost=amount)[0].value

    def get(self, key: str) -> int:
        """Nobody asks: `take` has told."""
        raise NotImplementedError

    def get_expiry(self, key: str) -> float:
        """Nobody asks: `take` has told."""
        raise NotImplementedError

    def check(self) -> bool:
        """Whether counts are shared as configured."""
        return not self.degraded

    def reset(self) -> int | None:
        """Forget the counters of this process."""
        self.memory.clear()
        return None

    def clear(self, key: str) -> None:
        """Counters end by themselves."""

    def _own(self, bounds: Sequence[Bound], cost: int) -> list[Count]:
        counts = []
        for bound in bounds:
            counts.append(Count(*self.memory.increment(bound.key, bound.seconds, cost)))
            if counts[-1].value > bound.amount:
                break
        return counts

    def _shared(self, bounds: Sequence[Bound], cost: int) -> list[Count] | None:
        if self._script is None or self.degraded:
            return None
        limits = [number for bound in bounds for number in (bound.seconds * 1000, bound.amount)]
        try:
            told = self._script.ask([_PREFIX + bound.key for bound in bounds], [cost, *limits])
        except (redis.RedisError, OSError) as error:
            self._degrade(error)
            return None
        now = time.time()
        return [Count(int(count), now + left / 1000) for count, left in zip(told[::2], told[1::2], strict=True)]

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
