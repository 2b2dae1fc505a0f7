"""Jobs of every temper."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from core import clock, ids
from core.actor import current_actor
from core.extensions import db
from core.jobs.job import Discard, RetryAfter, job
from core.jobs.run import current_run
from core.users.models import Team

QUEUE = "chores"


def outside(word: str) -> None:
    """An effect elsewhere: a line with the key that stays the same at every repeat."""
    place = os.environ.get("CHORES_LOG")
    if place:
        run = current_run()
        line = f"{word} {run.idempotency_key} {run.attempt} {os.getpid()} {time.time():.3f}\n"
        with Path(place).open("a") as log:
            log.write(line)


@job(queue="idle")
def nothing(number: int = 0) -> None:
    """Do nothing."""


@job(queue=QUEUE)
def add_team(name: str) -> None:
    """An effect here and one elsewhere."""
    # Of a name of its own, so that a second effect would show.
    db.session.add(Team(name=f"{name} {ids.new()}"))
    db.session.flush()
    outside(name)


@job(queue="slow")
def wait(seconds: float) -> None:
    """Take a while."""
    outside("begun")
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        time.sleep(0.02)
        current_run().check_cancelled()
    outside("ended")


@job(queue=QUEUE, max_attempts=3)
def take_the_process_down() -> None:
    """Poison."""
    outside("poison")
    os.kill(os.getpid(), signal.SIGKILL)


@job(queue=QUEUE, max_attempts=3)
def fail() -> None:
    """Fail each time, after an effect that must not stay."""
    db.session.add(Team(name="never"))
    db.session.flush()
    outside("failed")
    raise RuntimeError("password=hunter2-of-somebody and more")


@job(queue=QUEUE)
def fail_until(attempt: int) -> None:
    """Fail before this attempt."""
    if current_run().attempt < attempt:
        raise RuntimeError("Not yet")
    db.session.add(Team(name=f"attempt {current_run().attempt}"))


@job(queue=QUEUE, max_attempts=3)
def retry_later(seconds: float) -> None:
    """Ask to be tried again after so many seconds, once."""
    outside("asked")
    if current_run().attempt == 1:
        raise RetryAfter(seconds)


@job(queue=QUEUE)
def give_up() -> None:
    """Know that it can never succeed."""
    raise Discard("The file is no spreadsheet")


@job(queue=QUEUE)
def report(steps: int) -> None:
    """Tell how far it is."""
    for step in range(1, steps + 1):
        current_run().progress(step, steps, f"step {step}")
        time.sleep(0.02)
    db.session.add(Team(name="reported"))


@job(queue=QUEUE, platform=True)
def tidy() -> None:
    """Maintenance that spans agencies."""
    assert current_actor().agency_id is None
    outside("tidied")


@job(queue=QUEUE, schedule="*/5 * * * *", platform=True)
def sweep_the_yard() -> None:
    """Maintenance at set times."""
    outside(f"swept {clock.now():%H:%M}")


@job(queue=QUEUE, schedule="30 7 * * 1-5")
def morning() -> None:
    """Every agency's morning."""
    outside("morning")


@job(queue=QUEUE)
def outlast_the_lease(name: str) -> None:
    """Stop the world for longer than the lease lasts, so that somebody else takes over, and go on afterwards."""
    db.session.add(Team(name=f"{name} {ids.new()}"))
    db.session.flush()
    outside("paused")
    if current_run().attempt == 1:
        os.kill(os.getpid(), signal.SIGSTOP)
