"""Leads that may be the same enquiry: those of one client, and of whom may be the same client."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Date,
    Uuid,
    and_,
    any_,
    bindparam,
    delete,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from core.sdk import NotFound, Scope, acting_user_id, current_actor, db, read, users
from plugins.contacts import api as contacts

from ..models import Distinct, Lead
from ..schemas import LeadView
from . import WHOLE, Leads, opened

WINDOW = 14
"""Days between two journeys that may still be one."""
MOST = 200
"""How many leads of the same people are looked at, the newest ones."""
_NOTHING = UUID(int=0)


class _Shown(Leads):
    """Leads as far as the caller may see them, whatever they are doing."""

    def scope(self) -> Scope | None:
        return current_actor().scope_of(self.permission)


_shown = _Shown()


class Candidate(NamedTuple):
    """A lead that may be the same."""

    id: UUID
    reference: str
    status: str
    contact_id: UUID
    start_date: date | None
    end_date: date | None
    destinations: list[str]
    owner_id: UUID | None
    owner_name: str | None
    team_id: UUID | None
    version: int
    created_at: datetime
    within: bool
    """Whether the caller may see it."""


def candidates(contact_ids: Sequence[UUID], *, but: UUID | None) -> list[Candidate]:
    """The leads of these contacts, but one and those it was told apart from."""
    query = _shown.prepared(("candidates", _shown.scope()), _build)
    return query.rows(contact_ids=list(contact_ids), but_id=but or _NOTHING, **_shown.scope_values())


def _build() -> read.Query[Candidate]:
    but = bindparam("but_id", type_=Uuid())
    told_apart = union_all(
        select(Distinct.other_id).where(Distinct.one_id == but), select(Distinct.one_id).where(Distinct.other_id == but)
    )
    found = select(
        Lead.id,
        Lead.reference,
        Lead.status,
        Lead.contact_id,
        Lead.start_date,
        Lead.end_date,
        Lead.destinations,
        Lead.owner_id,
        users.name_of(Lead.owner_id),
        Lead.team_id,
        Lead.version,
        Lead.created_at,
        and_(_shown.in_scope(), literal(value=True)),
    ).where(
        Lead.contact_id == any_(bindparam("contact_ids", type_=ARRAY(Uuid()))),
        Lead.id != but,
        Lead.id.not_in(told_apart),
    )
    return read.Query(found.order_by(Lead.created_at.desc(), Lead.id.desc()).limit(MOST), Candidate)


_other = aliased(Lead)


def _same_days() -> ColumnElement[bool]:
    """Whether a lead's journey is as near as one may be, or one of the two has no days."""
    earliest, latest = (bindparam(name, type_=Date()) for name in ("earliest", "latest"))
    undated = or_(earliest.is_(None), _other.start_date.is_(None))
    ends = func.coalesce(_other.end_date, _other.start_date)
    return or_(undated, and_(_other.start_date <= latest, ends >= earliest))


_client, _lead = (bindparam(name, type_=Uuid()) for name in ("client_id", "lead_id"))
# One list of people, not this or that: an index looks up the leads of each.
_people = union_all(select(_client), select(contacts.sharing(_client).subquery().c.contact_id))
_open = select(func.count()).where(
    _other.id != _lead,
    _other.contact_id.in_(_people),
    _other.status != "won",
    _other.status != "lost",
    _same_days(),
)
_NEW = read.Query(
    WHOLE.add_columns(_open.scalar_subquery()).where(Lead.id == _lead), lambda *row: (LeadView(*row[:-1]), row[-1])
)


def taken_in(lead: Lead) -> tuple[LeadView, int]:
    """A lead that was just added, and how many open ones are about its days.

    Those of its client, and of whoever has an address or a number of theirs.
    """
    around = timedelta(days=WINDOW)
    earliest = lead.start_date and lead.start_date - around
    latest = lead.start_date and (lead.end_date or lead.start_date) + around
    found = _NEW.first(lead_id=lead.id, client_id=lead.contact_id, earliest=earliest, latest=latest)
    if found is None:
        raise NotFound
    return opened(found[0]), found[1]


def distinguish(lead_id: UUID, other_id: UUID) -> bool:
    """Remember that two leads are two; whether that is news."""
    one_id, second_id = sorted((lead_id, other_id))
    if db.session.scalar(select(Distinct.id).where(*_pair(lead_id, other_id))) is not None:
        return False
    db.session.add(Distinct(one_id=one_id, other_id=second_id, told_by=acting_user_id()))
    db.session.flush()
    return True


def confuse(lead_id: UUID, other_id: UUID) -> bool:
    """Forget that again; whether there was anything to forget."""
    gone = db.session.execute(delete(Distinct).where(*_pair(lead_id, other_id)).returning(Distinct.id))
    return gone.first() is not None


def is_told_apart(lead_id: UUID) -> bool:
    """Whether somebody said of a lead that it is not another one."""
    either = or_(Distinct.one_id == lead_id, Distinct.other_id == lead_id)
    return db.session.scalar(select(Distinct.id).where(either).limit(1)) is not None


def _pair(lead_id: UUID, other_id: UUID) -> tuple[ColumnElement[bool], ...]:
    one_id, second_id = sorted((lead_id, other_id))
    return (Distinct.one_id == one_id, Distinct.other_id == second_id)
