"""Queries for scores: what rules look at, many leads at a time, and what came of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    DateTime,
    Text,
    Uuid,
    any_,
    bindparam,
    case,
    cast,
    column,
    func,
    literal,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, array
from sqlalchemy.orm import aliased

from core.sdk import NotFound, clock, current_agency_id, db, merging, read
from plugins.contacts import api as contacts

from ..models import Call, Lead, Note, Scoring
from ..schemas.scored import ScoreReasons
from . import leads

_UNNOTICED = {"synchronize_session": False, "include_deleted": True}
_BIGGEST = 2**63 - 1
_LOCK = 0x5C0BE5  # Apart from other locks that are numbered by ids.


class Facts(NamedTuple):
    """What rules look at, of one lead, and what its score was."""

    id: UUID
    reference: str
    status: str
    source: str
    kind: str
    brand_id: UUID | None
    language: str | None
    destinations: list[str]
    budget_minor: int | None
    budget_currency: str | None
    date_mode: str | None
    start_date: date | None
    travellers: int | None
    repeat_client: bool
    has_phone: bool
    has_email: bool
    calls: int
    answered: int
    active_at: datetime
    """When something last happened: it came in, moved, was talked about on the phone, or somebody wrote a note."""
    owner_id: UUID | None
    team_id: UUID | None
    score: int | None
    band: str | None
    reasons: ScoreReasons | None
    imported: bool


class Scored(NamedTuple):
    """What a lead's score is, as it is kept."""

    lead_id: UUID
    score: int | None
    band: Any
    reasons: ScoreReasons | None
    scored_at: datetime | None
    status: str
    reckoned_at: datetime | None
    """When all open leads were."""


_SCORED = select(
    Lead.id,
    Lead.score,
    Lead.score_band,
    Lead.score_reasons,
    Lead.scored_at,
    Lead.status,
    select(Scoring.reckoned_at).correlate(None).scalar_subquery(),
)


def scored(lead_id: UUID) -> Scored:
    """What a lead's score is. Raises NotFound, MergedAway."""
    try:
        return leads.view(lead_id, _SCORED, Scored)
    except NotFound:
        merging.refuse_merged(leads, lead_id)
        raise


def alone() -> None:
    """Let nobody else reckon scores of the acting agency until this unit of work ends.

    Whoever reckons reads after this, and so after whoever reckoned before has written: the later one knows more.
    """
    number = (current_agency_id().int ^ _LOCK) & _BIGGEST
    db.session.execute(select(func.pg_advisory_xact_lock(number)))


def _facts(*conditions: ColumnElement[bool], order: Sequence[Any], most: bool) -> read.Query[Facts]:
    gone, other = aliased(Lead), aliased(Lead)
    merged = select(gone.id).where(gone.merged_into == Lead.id).correlate(Lead)
    # What was about leads that went into it is about it.
    own = func.array(union_all(select(Lead.id).correlate(Lead), merged).scalar_subquery(), type_=ARRAY(Uuid()))
    answered = func.count().filter(Call.outcome == literal("answered", Text()))
    latest = cast(func.extract("epoch", func.max(Call.at)), BigInteger())
    calls = select(array([func.count(), answered, latest])).where(Call.lead_id == any_(own)).correlate(Lead)
    noted = select(func.max(Note.created_at)).where(Note.lead_id == any_(own)).correlate(Lead)
    won = select(other.id).where(
        other.contact_id == Lead.contact_id,
        other.status == literal("won", Text()),
        other.id != Lead.id,
        other.deleted_at.is_(None),
    )
    children = func.jsonb_array_length(Lead.children_ages)
    statement = (
        select(
            *(getattr(Lead, name) for name in Facts._fields[: Facts._fields.index("travellers")]),
            case((Lead.adults.is_not(None), Lead.adults + children + Lead.infants)),
            won.correlate(Lead).exists(),
            contacts.phone_of(Lead.contact_id).is_not(None),
            contacts.email_of(Lead.contact_id).is_not(None),
            calls.scalar_subquery(),
            func.greatest(Lead.created_at, Lead.status_since, noted.scalar_subquery(), type_=DateTime(timezone=True)),
            Lead.owner_id,
            Lead.team_id,
            Lead.score,
            Lead.score_band,
            Lead.score_reasons,
            Lead.imported,
        )
        .where(Lead.status == any_(bindparam("open", type_=ARRAY(Text()))), Lead.deleted_at.is_(None), *conditions)
        .order_by(*order)
    )
    if most:
        statement = statement.limit(bindparam("most", type_=BigInteger()))
    # Leads that went into another one are deleted, and still count.
    return read.Query(statement, _seen, include_deleted=True)


def _seen(*row: Any) -> Facts:
    (count, answered, last), active_at = row[16], row[17]
    if last is not None:
        active_at = max(active_at, datetime.fromtimestamp(last, UTC))
    return Facts._make((*row[:16], count, answered, active_at, *row[18:]))


_AMONG = _facts(Lead.id == any_(bindparam("lead_ids", type_=ARRAY(Uuid()))), order=[Lead.id], most=False)
_FOLLOWING = _facts(Lead.id > bindparam("after", type_=Uuid()), order=[Lead.id], most=True)
_NEWEST = _facts(order=[Lead.created_at.desc(), Lead.id.desc()], most=True)


def among(lead_ids: Collection[UUID], *, statuses: Sequence[str]) -> list[Facts]:
    """What rules look at, of those of these leads that are open."""
    return _AMONG.rows(lead_ids=list(lead_ids), open=list(statuses)) if lead_ids else []


def following(after: UUID, *, statuses: Sequence[str], most: int) -> list[Facts]:
    """The same of the open leads that come after one."""
    return _FOLLOWING.rows(after=after, open=list(statuses), most=most)


def newest(*, statuses: Sequence[str], most: int) -> list[Facts]:
    """The same of the open leads that came in last."""
    return _NEWEST.rows(open=list(statuses), most=most)


def count_open(statuses: Sequence[str]) -> int:
    """How many open leads there are."""
    return db.session.scalar(select(func.count()).where(Lead.status.in_(statuses))) or 0


def of_clients(lead_ids: Collection[UUID], contact_ids: Collection[UUID], *, statuses: Sequence[str]) -> list[UUID]:
    """The open leads of contacts, and of whoever these leads are of."""
    mine = aliased(Lead)
    clients = select(mine.contact_id).where(mine.id.in_(lead_ids))
    theirs = or_(Lead.contact_id.in_(clients), Lead.contact_id.in_(contact_ids))
    found = select(Lead.id).where(theirs, Lead.status.in_(statuses), Lead.deleted_at.is_(None))
    return list(db.session.scalars(found, execution_options={"include_deleted": True}))


def keep(rows: Sequence[Mapping[str, Any]]) -> None:
    """Write scores in one statement, each row with lead_id, score, band and reasons; nobody's change is disturbed."""
    # In one order: whoever works on many leads at once locks them so too.
    wanted = select(Lead.id).where(Lead.id.in_([row["lead_id"] for row in rows])).order_by(Lead.id)
    db.session.execute(wanted.with_for_update(key_share=True), execution_options={"include_deleted": True})
    given = (
        func.jsonb_to_recordset(bindparam("rows", type_=JSONB()))
        .table_valued(
            column("lead_id", Uuid()), column("score", BigInteger()), column("band", Text()), column("reasons", JSONB())
        )
        .render_derived(name="given", with_types=True)
    )
    values = {
        "score": given.c.score,
        "score_band": given.c.band,
        "score_reasons": given.c.reasons,
        "scored_at": clock.now(),
        "updated_at": Lead.updated_at,
    }
    written = update(Lead).where(Lead.id == given.c.lead_id).values(values)
    db.session.execute(written, {"rows": list(rows)}, execution_options=_UNNOTICED)
