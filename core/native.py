"""A bounded lane for native work that takes more than a few milliseconds, so that it cannot stall the rest."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from core.errors import Unavailable

T = TypeVar("T")
_LANES = max(2, os.cpu_count() or 1)
_QUEUE_PER_LANE = 16
_lane = threading.BoundedSemaphore(_LANES)
_room = threading.BoundedSemaphore(_LANES * (1 + _QUEUE_PER_LANE))


def in_lane(work: Callable[[], T], *, busy: str = "Too much is being worked on at once") -> T:
    """Run CPU-bound native work, at most one per processor at once. Raises Unavailable (`busy`) when too much waits."""
    if not _room.acquire(blocking=False):
        raise Unavailable(busy, headers={"Retry-After": "2"})
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


def gevent_runs() -> bool:
    """Whether this process is patched for gevent."""
    # The patched module carries gevent's own functions; asking gevent itself would import it.
    return threading.get_ident.__module__.startswith("gevent")
