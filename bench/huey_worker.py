"""The peer: bare Huey on Redis, as its own documentation sets it up."""

from __future__ import annotations

import os
import sys
from typing import Any

from huey import RedisHuey
from huey.consumer import Consumer

QUEUE = "bare"
KEY = f"huey.redis.{QUEUE}"


def nothing(number: int) -> None:
    """Do nothing."""
    del number


def queue(url: str) -> tuple[Any, Any]:
    """The queue and its one task."""
    made = RedisHuey(QUEUE, url=url, results=False)
    return made, made.task(name="nothing")(nothing)


def main() -> None:
    """Consume."""
    url, threads = sys.argv[1:]
    consumer = Consumer(queue(url)[0], workers=int(threads), periodic=False, initial_delay=0.01, backoff=1.0)
    consumer.start()
    print('{"ready": true}', flush=True)
    consumer.stop_flag.wait()
    os._exit(0)


if __name__ == "__main__":
    # Tasks are known by their module, which must have the name that the enqueueing side knows.
    from bench import huey_worker

    huey_worker.main()
