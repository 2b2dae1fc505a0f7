"""One socket event is one unit of work, in an application context of its own, as the person who sent it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import structlog
from flask import Flask, g
from structlog.contextvars import bound_contextvars, unbind_contextvars

from core import ids
from core.actor import Actor
from core.db.session import unit_of_work
from core.errors import Problem, Unavailable
from core.http import database_errors, problems, refusals
from gateway.sessions import Overtaken

log = structlog.get_logger()
T = TypeVar("T")


@contextmanager
def event(app: Flask, **known: str) -> Iterator[None]:
    """The context of one event: nobody acts yet, and every line of the log says what is known of it."""
    with app.app_context():
        g.request_id = str(ids.new())
        with bound_contextvars(request_id=g.request_id, **known):
            try:
                yield
            finally:
                unbind_contextvars("socket_event", "namespace", "user_id", "agency_id")


def become(actor: Actor, permission: str | None = None) -> None:
    """Act as a person for the rest of the event, by a permission that repositories take the scope of."""
    g.actor, g.permission = actor, permission


def persistently(call: Callable[[], T], *, reads: bool = False) -> T:
    """What a call gives that runs in a unit of work, once more where the database only lost a race.

    What only reads is also repeated where it met a dead connection.
    """
    attempt = 1
    while True:
        try:
            with unit_of_work():
                return call()
        except Exception as error:
            lost = database_errors.is_lost_race(error) and attempt < database_errors.MAX_ATTEMPTS
            if not lost and not (reads and attempt == 1 and database_errors.is_dead_connection(error)):
                raise
            log.info("socket.repeated", attempt=attempt, cause=type(error).__name__)
            time.sleep(random.uniform(0.005, 0.02) * attempt)  # noqa: S311 - jitter, not a secret
            attempt += 1


def problem_of(error: Exception) -> Problem:
    """What a client is told about an error; what nobody expected is logged and told without particulars."""
    if isinstance(error, Overtaken):
        return Unavailable("Your rights are changing; try again")
    problem = problems.problem_of(error)
    if problem is not None:
        refusals.note(problem)
        return problem
    log.error("socket.failed", exc_info=error)
    return problems.InternalError(f"Quote {g.request_id} when you ask for help")
