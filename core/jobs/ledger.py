"""The ledger across agencies, as the system role and by the database's clock: claims, leases, releases, sweeps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection

from core.db.session import at_once
from core.jobs import statements


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A job that this process has taken."""

    id: UUID
    name: str
    payload: Mapping[str, Any]
    attempt: int
    max_attempts: int
    token: UUID
    agency_id: UUID | None = None
    user_id: UUID | None = None
    request_id: str | None = None
    reported: bool = False


class Lease:
    """The right to run a claimed job, for as long as it is renewed."""

    def __init__(self, claim: Claim) -> None:
        self.id = claim.id
        self.token = claim.token
        self.cancel_requested = False
        self.lost = False


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """A job whose worker fell silent in its last attempt."""

    id: UUID
    name: str
    queue: str
    token: UUID
    agency_id: UUID | None
    user_id: UUID | None


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """How many jobs of a queue are `due`, for `later`, or `running`."""

    queue: str
    state: str
    jobs: int
    oldest_seconds: float


def claim(queue: str, names: Sequence[str], *, most: int, lease: timedelta) -> list[Claim]:
    """Take jobs of a queue: the highest priority, the agencies with the least running, the oldest first.

    Several come together only while nothing has gone wrong with them: a job that failed or crashed before, or must not
    be repeated, is claimed alone, so that what it does to its process costs nobody else more than one attempt.
    """
    values = {"queue": queue, "names": list(names), "most": most, "lease": lease}
    with at_once() as connection:
        found = connection.execute(statements.CLAIM, values)
        return [Claim(**row) for row in found.mappings()]


def finish(leases: Iterable[Lease]) -> int:
    """Mark jobs done that left nothing in the database to commit; how many still were ours."""
    with at_once() as connection:
        return _count(connection, statements.FINISH, _tokens(leases))


def release(leases: Iterable[Lease], *, delay: timedelta = timedelta(0)) -> int:
    """Give back jobs that were not started; the attempt does not count."""
    with at_once() as connection:
        return _count(connection, statements.RELEASE, {**_tokens(leases), "delay": delay})


def abandon(leases: Iterable[Lease]) -> None:
    """Let leases run out at once: this process is about to end in the middle of the jobs."""
    with at_once() as connection:
        _count(connection, statements.ABANDON, _tokens(leases))


def renew(leases: Sequence[Lease], *, lease: timedelta) -> None:
    """Keep the leases, and note which are lost and which jobs somebody wants cancelled."""
    with at_once() as connection:
        rows = connection.execute(statements.RENEW, {**_tokens(leases), "lease": lease})
        asked: dict[UUID, bool] = {row.id: row.cancel_requested for row in rows}
    for each in leases:
        each.lost = each.id not in asked
        each.cancel_requested = asked.get(each.id, False)


def report(lease: Lease, progress: msgspec.Struct) -> bool | None:
    """Store how far a job is; whether somebody wants it cancelled, None where the lease is lost."""
    values = {"id": lease.id, "token": lease.token, "progress": msgspec.json.encode(progress).decode()}
    with at_once() as connection:
        row = connection.execute(statements.REPORT, values).first()
    return None if row is None else bool(row.cancel_requested)


def retry(lease: Lease, *, error: str, delay: timedelta) -> str | None:
    """Have a job tried again after a while, or cancelled where somebody wants that; its state, None if not ours."""
    values = {"id": lease.id, "token": lease.token, "error": error, "delay": delay}
    with at_once() as connection:
        state: str | None = connection.execute(statements.RETRY, values).scalar()
    return state


def end(lease: Lease, *, state: str, error: str | None) -> bool:
    """End a job of no agency for good; whether it still was ours."""
    values = {"id": lease.id, "token": lease.token, "state": state, "error": error}
    with at_once() as connection:
        return _count(connection, statements.END, values) == 1


def promote() -> list[str]:
    """Make due what has come to its time; the queues to ring for."""
    with at_once() as connection:
        return list(connection.scalars(statements.PROMOTE))


def take_back(*, backoff: timedelta) -> list[str]:
    """Queue the jobs whose lease has expired again, later each time; the queues they are in, one for each."""
    with at_once() as connection:
        return list(connection.scalars(statements.TAKE_BACK, {"backoff": backoff}))


def spent() -> list[Spent]:
    """Take over the jobs whose lease has expired in their last attempt, to bury them."""
    with at_once() as connection:
        return [Spent(**row) for row in connection.execute(statements.SPENT).mappings()]


def waiting(queues: Iterable[str]) -> list[str]:
    """Those of the queues that hold something due."""
    with at_once() as connection:
        return list(connection.scalars(statements.WAITING, {"queues": list(queues)}))


def forget(*, keep_done: timedelta, keep_dead: timedelta) -> int:
    """Delete some of the jobs that ended long enough ago; how many."""
    with at_once() as connection:
        return _count(connection, statements.FORGET, {"keep_done": keep_done, "keep_dead": keep_dead})


def lines() -> list[Line]:
    """What waits and runs, by queue."""
    with at_once() as connection:
        return [Line(**row) for row in connection.execute(statements.LINES).mappings()]


def _tokens(leases: Iterable[Lease]) -> dict[str, Any]:
    pairs = [(each.id, each.token) for each in leases]
    return {"ids": [job_id for job_id, _ in pairs], "tokens": [token for _, token in pairs]}


def _count(connection: Connection, statement: Any, values: Mapping[str, Any]) -> int:
    return len(connection.execute(statement, dict(values)).all())
