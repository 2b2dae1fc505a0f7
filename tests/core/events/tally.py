"""A projection for tests: how many bookings were taken and what they came to, folded from events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import text

from core.db.tenancy import current_agency_id
from core.events.event import Event
from core.events.follower import Follower, Recorded
from core.extensions import db

TABLE = """
CREATE TABLE test_tally (
    agency_id uuid NOT NULL, build bigint NOT NULL, kind text NOT NULL, count bigint NOT NULL, amount bigint NOT NULL,
    PRIMARY KEY (agency_id, build, kind)
);
CREATE TABLE test_seen (agency_id uuid NOT NULL, build bigint NOT NULL, seq bigint NOT NULL, name text NOT NULL);
GRANT SELECT, INSERT, UPDATE, DELETE ON test_tally, test_seen TO tripfile_app;
"""
NAME = "events.tally"


class Sold(Event):
    """Something was sold."""

    subject: ClassVar[str] = "sale_id"
    sale_id: UUID
    kind: str
    amount: int


class Refunded(Event):
    """Something was given back."""

    subject: ClassVar[str] = "sale_id"
    sale_id: UUID
    kind: str
    amount: int


class Viewed(Event):
    """Nothing that counts."""

    subject: ClassVar[str] = "sale_id"
    sale_id: UUID


_ADD = """
INSERT INTO test_tally AS t VALUES (:agency, :build, :kind, :count, :amount)
ON CONFLICT (agency_id, build, kind) DO UPDATE SET count = t.count + :count, amount = t.amount + :amount
"""


def apply(entries: Sequence[Recorded], build: int) -> None:
    """Fold a batch."""
    for entry in entries:
        event: Any = entry.event()
        sign = 1 if isinstance(event, Sold) else -1
        here = {"agency": current_agency_id(), "build": build}
        count = {"kind": event.kind, "count": sign, "amount": sign * event.amount}
        db.session.execute(text(_ADD), {**here, **count})
        seen = "INSERT INTO test_seen VALUES (:agency, :build, :seq, :name)"
        db.session.execute(text(seen), {**here, "seq": entry.seq, "name": entry.name})


def forget(build: int) -> None:
    """Remove what a build wrote."""
    for table in ("test_tally", "test_seen"):
        db.session.execute(
            text(f"DELETE FROM {table} WHERE agency_id = :agency AND build = :build"),
            {"agency": current_agency_id(), "build": build},
        )


TALLY = Follower(
    name=NAME,
    summary="Counts what was sold.",
    apply=apply,
    events=frozenset({Sold.name, Refunded.name}),
    forget=forget,
)
