"""What is told of sign-ins: in the log, in the measurements, and in the audit logs of a person's agencies."""

from __future__ import annotations

from uuid import UUID

import structlog
from flask import request
from prometheus_client import Counter

from core.actor import Actor
from core.auth.events import SignInFailed, SignInsThrottled
from core.auth.guessing import attempts
from core.auth.people import persons
from core.auth.people.places import belongs_to
from core.db.session import apart
from core.events.event import Event
from core.events.log import publish_apart
from core.jobs.job import job

log = structlog.get_logger()
passwords_total = Counter("tripfile_password_attempts", "Passwords that were tried, by what came of it.", ["outcome"])


def right(user_id: UUID) -> None:
    """A password was right."""
    passwords_total.labels("right").inc()
    log.info("sign_in.password_right", user_id=str(user_id), address=request.remote_addr)


def wrong(user_id: UUID | None) -> None:
    """A password was wrong, or nobody has the address."""
    passwords_total.labels("wrong").inc()
    log.warning("sign_in.failed", user_id=str(user_id) if user_id else None, address=request.remote_addr)
    with apart() as session:
        # The same for somebody who does not exist, so that the time it takes tells nothing.
        tell_of_failure.enqueue_apart(session, user_id=user_id, address=request.remote_addr)


def throttled() -> None:
    """Nobody looked at a password: there were too many before it."""
    passwords_total.labels("throttled").inc()
    log.warning("sign_in.throttled", address=request.remote_addr)


def tell(user_id: UUID, event: Event, *, ip: str | None = None) -> None:
    """Record a fact about a person in the log of every agency they have not left; `ip` as `publish_apart` takes it."""
    for agency_id in belongs_to(user_id):
        actor = Actor(kind="public", agency_id=agency_id, user_id=user_id)
        publish_apart(event, actor=actor, agency_id=agency_id, ip=ip)


@job(platform=True)
def tell_of_failure(user_id: UUID | None, address: str | None) -> None:
    """Record a wrong password in the audit logs of its person's agencies; nothing for somebody who does not exist."""
    person = persons.of(user_id) if user_id is not None else None
    if person is None:
        return
    tell(person.id, SignInFailed(user_id=person.id), ip=address)
    if attempts.waits(person.email):
        tell(person.id, SignInsThrottled(user_id=person.id))
