"""Queries for requests, holds and what an agency chose about retention."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Date,
    DateTime,
    Text,
    Uuid,
    any_,
    bindparam,
    cast,
    exists,
    func,
    or_,
    select,
)

from core import clock
from core.agencies.models import Agency
from core.agencies.repository import agency_view
from core.db import read
from core.db.query import Filter, Listing, ListQuery, Page
from core.db.repository import Repository
from core.db.tenancy import current_agency_id
from core.extensions import db
from core.jobs.models import JobEntry
from core.privacy.models import OPEN, LegalHold, PrivacyRequest, RetentionChoice
from core.privacy.schemas import HeldBack, HoldView, RequestView, State
from core.vault import keys
from core.vault.keys import Person

REQUEST = select(*read.columns(RequestView, PrivacyRequest))
HOLD = select(*read.columns(HoldView, LegalHold))
_AT_ONCE = 500
AT_WORK = exists().where(
    JobEntry.agency_id == PrivacyRequest.agency_id,
    JobEntry.name.in_(("privacy.make_export", "privacy.carry_out_erasure")),
    JobEntry.unique_key == cast(PrivacyRequest.id, Text()),
    JobEntry.state.in_(("queued", "running")),
)
"""Whether a job waits or runs that carries a request out."""


class Choice(NamedTuple):
    """How many days an agency keeps something from an instant on, and until then; None keeps it for ever."""

    days: int | None
    previous_days: int | None
    since: datetime


class Requests(Repository[PrivacyRequest]):
    """The agency's exports and erasures, newest first."""

    model = PrivacyRequest
    permission = "privacy.read"
    listing = Listing(
        filters={
            "kind": Filter(PrivacyRequest.kind, Literal["export", "erasure"], "Which of the two."),
            "state": Filter(PrivacyRequest.state, State, "How far it is; `failed` was given up."),
            "subject_id": Filter(PrivacyRequest.subject_id, UUID, "Whom it is about."),
        },
        sorts={"created_at": PrivacyRequest.created_at},
        default_sort="-created_at",
    )

    def rows(self, query: ListQuery) -> Page[RequestView]:
        """A page of requests."""
        return self.page(query, REQUEST, RequestView)

    def shown(self, request_id: UUID) -> RequestView:
        """A request. Raises NotFound."""
        return self.view(request_id, REQUEST, RequestView)

    def locked(self, request_id: UUID) -> PrivacyRequest:
        """A request that nobody else works on before this unit of work ends."""
        mine = select(PrivacyRequest).where(PrivacyRequest.id == request_id).with_for_update()
        return db.session.scalars(mine, execution_options={"populate_existing": True}).one()

    def is_being_erased(self, subject: str, subject_id: UUID) -> bool:
        """Whether a job is to erase a person, or does so just now."""
        about = (PrivacyRequest.subject == subject, PrivacyRequest.subject_id == subject_id)
        # One whose job was cancelled is in nobody's way, nor does it say that it failed before somebody looks.
        waits = (PrivacyRequest.kind == "erasure", PrivacyRequest.state.in_(OPEN), AT_WORK)
        return db.session.scalar(select(PrivacyRequest.id).where(*about, *waits).limit(1)) is not None

    def with_bundles(self, *conditions: ColumnElement[bool], most: int) -> Sequence[PrivacyRequest]:
        """Requests that still have a bundle."""
        wanted = select(PrivacyRequest).where(PrivacyRequest.bundle.is_not(None), *conditions)
        return db.session.scalars(wanted.order_by(PrivacyRequest.created_at).limit(most)).all()


class Holds(Repository[LegalHold]):
    """The agency's legal holds, newest first."""

    model = LegalHold
    permission = "privacy.read"
    listing = Listing(
        filters={"subject_id": Filter(LegalHold.subject_id, UUID, "Whom it is about.")},
        sorts={"created_at": LegalHold.created_at},
        default_sort="-created_at",
    )

    def rows(self, query: ListQuery) -> Page[HoldView]:
        """A page of holds."""
        return self.page(query, HOLD, HoldView)

    def shown(self, hold_id: UUID) -> HoldView:
        """A hold. Raises NotFound."""
        return self.view(hold_id, HOLD, HoldView)


_WORKS = ~exists().where(Agency.id == PrivacyRequest.agency_id, Agency.suspended_at.is_not(None))
ORPHANS = read.SystemQuery(
    select(PrivacyRequest.agency_id, PrivacyRequest.id)
    .where(PrivacyRequest.state == "queued", ~AT_WORK, _WORKS)
    .order_by(PrivacyRequest.created_at)
    .limit(_AT_ONCE),
    lambda agency_id, request_id: (agency_id, request_id),
)
"""Requests of all agencies but suspended ones that wait for no job any more, the oldest first."""
OVERDUE = read.SystemQuery(
    select(func.count()).where(
        PrivacyRequest.state == "queued",
        _WORKS,
        PrivacyRequest.created_at < bindparam("before", type_=DateTime(timezone=True)),
    ),
    lambda count: count,
)
"""How many requests are not carried out yet and were made before an instant; jobs of suspended agencies rest."""
_today = bindparam("today", type_=Date())
_kind = bindparam("subject", type_=Text())
_ANYBODYS = (LegalHold.released_at.is_(None), or_(LegalHold.until.is_(None), LegalHold.until >= _today))
_STANDING = (*_ANYBODYS, LegalHold.subject == _kind)
_ALL_ON_HOLD = read.Query(select(LegalHold.subject_id).where(*_ANYBODYS).distinct(), lambda subject_id: subject_id)
_ON_HOLD = read.Query(select(LegalHold.subject_id).where(*_STANDING).distinct(), lambda subject_id: subject_id)
_OF_PERSON = read.Query(
    select(*read.columns(HeldBack, LegalHold))
    .where(*_STANDING, LegalHold.subject_id == any_(bindparam("subject_ids", type_=ARRAY(Uuid()))))
    .order_by(LegalHold.id),
    HeldBack,
)
_CHOICES = read.Query(
    select(RetentionChoice.rule, RetentionChoice.days, RetentionChoice.previous_days, RetentionChoice.since),
    lambda rule, *chosen: (rule, Choice(*chosen)),
)


def on_hold(subject: str) -> list[UUID]:
    """Everybody of a kind about whom nothing may be erased now."""
    return _ON_HOLD.rows(subject=subject, today=_day())


def all_on_hold() -> list[str]:
    """The ids of everybody, of whatever kind, about whom nothing may be erased now: words to look for in texts."""
    return [str(each) for each in _ALL_ON_HOLD.rows(today=_day())]


def holds_of(subject: str, *subject_ids: UUID) -> list[HeldBack]:
    """What keeps a person from being erased now, under each of their ids."""
    return _OF_PERSON.rows(subject=subject, subject_ids=list(subject_ids), today=_day())


def is_erased(subject: str, subject_id: UUID) -> bool:
    """Whether somebody was erased: nothing new is to be kept about them."""
    return keys.is_erased(Person(subject, subject_id))


def undisturbed(subject: str, *subject_ids: UUID) -> None:
    """Let none of these people be erased, put on hold or sealed about elsewhere while this unit of work runs."""
    # In one order, whoever asks.
    for subject_id in sorted(subject_ids):
        keys.hold(Person(subject, subject_id))


def retention_lock() -> str:
    """What rules run under together and a hold is placed under alone: no rule works with who was on hold before."""
    return f"holds:{current_agency_id()}"


def choices() -> dict[str, Choice]:
    """What the agency chose, by rule."""
    return dict(_CHOICES.rows())


def choice(rule: str) -> RetentionChoice | None:
    """What the agency chose about a rule, for changing it."""
    return db.session.scalar(select(RetentionChoice).where(RetentionChoice.rule == rule))


def _day() -> date:
    # Where the agency is, its day is not over yet.
    return clock.today(agency_view().zone)


requests = Requests()
holds = Holds()
