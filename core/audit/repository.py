"""Queries over the event log."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger, Text, and_, bindparam, cast, insert, or_, select, true

from core.agencies.models import Agency
from core.audit import guards
from core.audit.chain import GENESIS, Seal, Sealable
from core.audit.schemas import EventView
from core.db import read
from core.db.query import OPTIONAL, RANGE, Condition, Filter, Listing, ListQuery, Page
from core.db.repository import Repository
from core.db.session import apart
from core.db.tenancy import current_agency_id
from core.events import words
from core.events.models import EventEntry, EventOrigin, EventSeal
from core.extensions import db
from core.fields import Instant

_FROM = and_(EventOrigin.agency_id == EventEntry.agency_id, EventOrigin.event_id == EventEntry.id)
_WHENCE = {name: getattr(EventOrigin, name) for name in ("ip", "user_agent", "reason")}
EVENT = select(*read.columns(EventView, EventEntry, **_WHENCE)).outerjoin(EventOrigin, _FROM)


class Whence(msgspec.Struct, frozen=True):
    """Where an event came from, and the digest of that which it was sealed with."""

    seq: int
    digest: str | None
    ip: str | None
    user_agent: str | None
    reason: str | None
    salt: str | None
    """None where it is forgotten."""


_TEXTS = {name: cast(getattr(EventEntry, name), Text()) for name in ("payload", "before", "after")}
_AT_ONCE = 1_000
"""Events in one statement of an export."""
_after, _limit = bindparam("after", type_=BigInteger()), bindparam("limit", type_=BigInteger())
_SEALABLE = read.Query(
    select(*read.columns(Sealable, EventEntry, **_TEXTS))
    .where(EventEntry.seq > _after)
    .order_by(EventEntry.seq)
    .limit(_limit),
    Sealable,
)
_SEALS = read.Query(
    select(EventSeal.seq, EventSeal.hash).where(EventSeal.seq > _after).order_by(EventSeal.seq).limit(_limit), Seal
)
_ORIGINS = read.Query(
    select(EventEntry.seq, EventEntry.origin, *_WHENCE.values(), EventOrigin.salt)
    .outerjoin(EventOrigin, _FROM)
    .where(EventEntry.seq > _after, or_(EventEntry.origin.is_not(None), EventOrigin.salt.is_not(None)))
    .order_by(EventEntry.seq)
    .limit(_limit),
    Whence,
)
_STRAY = read.Query(select(EventEntry.seq).where(EventEntry.seq < 1).order_by(EventEntry.seq).limit(1), int)
_LAST = select(EventSeal.seq, EventSeal.hash).order_by(EventSeal.seq.desc()).limit(1)


class ChainHead(msgspec.Struct, frozen=True):
    """The last seal of an agency."""

    agency_id: UUID
    slug: str
    seq: int | None
    hash: str | None


_last = _LAST.where(EventSeal.agency_id == Agency.id).correlate(Agency).lateral()
_HEADS = read.SystemQuery(
    select(Agency.id, Agency.slug, _last.c.seq, _last.c.hash).outerjoin(_last, true()).order_by(Agency.slug), ChainHead
)


class Log(Repository[EventEntry]):
    """The agency's event log, newest first."""

    model = EventEntry
    permission = "audit.read"
    listing = Listing(
        filters={
            "name": Filter(EventEntry.name, str, "Name of the event, e.g. `leads.lead_won`."),
            "subject": Filter(EventEntry.subject, str, "What it happened to, e.g. `leads.lead`."),
            "subject_id": Filter(EventEntry.subject_id, UUID, "Id of what it happened to."),
            "actor_id": Filter(EventEntry.actor_id, UUID, "Id of the user who did it.", OPTIONAL),
            "impersonator_id": Filter(
                EventEntry.impersonator_id, UUID, "Id of whoever really acted, in the name of `actor_id`.", OPTIONAL
            ),
            "ip": Filter(EventOrigin.ip, str, "Address it came from.", OPTIONAL),
            "occurred_at": Filter(EventEntry.occurred_at, Instant, "When it happened.", RANGE),
        },
        sorts={"occurred_at": EventEntry.occurred_at},
        default_sort="-occurred_at",
    )

    def rows(self, query: ListQuery) -> Page[EventView]:
        """A page of the log, as the acting one may see it."""
        found = self.page(query, EVENT, EventView)
        known = words.keys_of(each.payload for each in found.items)
        return msgspec.structs.replace(found, items=[guards.seen(each, known) for each in found.items])

    def every(self, conditions: tuple[Condition, ...]) -> Iterator[EventView]:
        """All that meets the conditions, the oldest first, read as it is asked for."""
        query = ListQuery(conditions=conditions, sort="occurred_at", limit=_AT_ONCE)
        while True:
            page = self.rows(query)
            yield from page.items
            if page.next is None:
                return
            query = msgspec.structs.replace(query, cursor=page.next)


log = Log()


def heads() -> list[ChainHead]:
    """The last seal of every agency."""
    return _HEADS.rows()


def sealable(after: int, *, limit: int) -> list[Sealable]:
    """The acting agency's events after a number, in order."""
    return _SEALABLE.rows(after=after, limit=limit)


def seals(after: int, *, limit: int) -> list[Seal]:
    """The acting agency's seals after a number, in order."""
    return _SEALS.rows(after=after, limit=limit)


def last_seal() -> Seal:
    """The acting agency's last seal, as the running unit of work sees it."""
    found = db.session.execute(_LAST).one_or_none()
    return Seal(*found) if found else Seal(0, GENESIS)


def add_seals(made: list[Seal]) -> None:
    """Append to the acting agency's chain, at once: what serves requests may write facts, never seals."""
    rows = [{"agency_id": current_agency_id(), "seq": each.seq, "hash": each.hash} for each in made]
    with apart() as session:
        session.execute(insert(EventSeal), rows)


def origins(after: int, *, limit: int) -> list[Whence]:
    """Where the acting agency's events after a number came from, in order; those that came from nowhere left out."""
    return _ORIGINS.rows(after=after, limit=limit)


def stray() -> int | None:
    """The number of an event of the acting agency that is before the first, where nothing can be."""
    return _STRAY.first()
