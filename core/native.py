"""A bounded lane for native work that takes more than a few milliseconds, so that it cannot stall the rest."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from core.errors import Unavailable

T = TypeVar("T")
BLOCKING_THREADS = 8
"""Requests that one process of `tripfile api` works on at once; the gateway's greenlets are as good as unlimited."""


def gevent_runs() -> bool:
    """Whether this process is patched for gevent."""
    # The patched module carries gevent's own functions; asking gevent itself would import it.
    return threading.get_ident.__module__.startswith("gevent")


# Who waits in a thread keeps it from others: half of the threads never wait here.
_ROOM = 64 if gevent_runs() else BLOCKING_THREADS // 2
# One processor is left to everything else, where there are two.
_LANES = min(_ROOM, max(1, (os.cpu_count() or 1) - 1))
_lane = threading.BoundedSemaphore(_LANES)
_room = threading.BoundedSemaphore(_ROOM)


def require_room(*, busy: str) -> None:
    """Raise Unavailable (`busy`) where so much waits that there is no use in beginning."""
    if not _room.acquire(blocking=False):
        raise _unavailable(busy)
    _room.release()


def in_lane(work: Callable[[], T], *, busy: str = "Too much is being worked on at once") -> T:
    """Run CPU-bound native work, one processor left to the rest. Raises Unavailable (`busy`) when too much waits."""
    if not _room.acquire(blocking=False):
        raise _unavailable(busy)
    try:
        with _lane:
            return _off_the_loop(work)
    finally:
        _room.release()


def _off_the_loop(work: Callable[[], T]) -> T:
    """Under gevent the hub's thread pool does it, and other greenlets go on; elsewhere this thread does."""
    if not gevent_runs():
        return work()
    import gevent  # imported where it runs: a light install has no gevent

    done: Future[T] = Future()
    gevent.get_hub().threadpool.apply(_fulfil, (done, work))
    return done.result()


def _fulfil(done: Future[T], work: Callable[[], T]) -> None:
    """Carry the error over: gevent prints whatever is raised in its threads, and a wrong password is raised."""
    try:
        done.set_result(work())
    except BaseException as error:  # noqa: BLE001 - raised again where the result is asked for
        done.set_exception(error)


def _unavailable(busy: str) -> Unavailable:
    return Unavailable(busy, headers={"Retry-After": "2"})
