"""Leads that may be the same enquiry: found by who asks, weighed by when and where they want to go."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple, Protocol
from uuid import UUID

from core.sdk import UNSET, Fault, Invalid, clock, duplicates, likeness, publish, under
from plugins.contacts import api as contacts

from ..events import LeadsDistinguished
from ..repository import duplicates as stored
from ..repository import leads
from ..repository.duplicates import WINDOW, Candidate
from ..schemas.duplicates import SoughtLead

SAME = duplicates.Reason("same_client", 55, "The same contact asks")
ALIKE_CLIENT = 0.5
"""How much of the likeness of two contacts says that their leads are one."""
_DAYS, _PLACES, _RECENT = 0.6, 0.35, 20
_RECENTLY = timedelta(days=30)
_CLOSED = {"won", "lost"}


class Sought(NamedTuple):
    """What others are compared with."""

    clients: Mapping[UUID, duplicates.Reason]
    """Who may be asking, each with how sure that makes."""
    days: tuple[date, date] | None
    places: list[str]


class Other(Protocol):
    """What a lead is compared with: a lead, or what is about to be one."""

    @property
    def contact_id(self) -> UUID: ...
    @property
    def status(self) -> str: ...
    @property
    def start_date(self) -> date | None: ...
    @property
    def end_date(self) -> date | None: ...
    @property
    def destinations(self) -> list[str]: ...
    @property
    def created_at(self) -> datetime: ...


def of_draft(draft: SoughtLead) -> duplicates.Duplicates:
    """Which leads one that is not saved yet may be. Raises Invalid."""
    if (draft.contact_id is UNSET) == (draft.contact is UNSET):
        code = "required" if draft.contact is UNSET else "either"
        raise Invalid(errors=[Fault("/contact_id", code, "Say who asks: either contact_id or contact")])
    askers: dict[UUID, duplicates.Reason] = {}
    if draft.contact_id is not UNSET:
        if not contacts.exists(draft.contact_id):
            raise Invalid(errors=[Fault("/contact_id", "unknown", "There is no such contact")])
        askers = clients(draft.contact_id)
    elif draft.contact is not UNSET:
        with under("/contact"):
            askers = alike(contacts.like_draft(draft.contact))
    return _told(Sought(askers, days(draft.start_date, draft.end_date), draft.destinations), but=None)


def of_lead(lead_id: UUID) -> duplicates.Duplicates:
    """Which other leads a lead may be. Raises NotFound, MergedAway."""
    shown = leads.shown(lead_id)
    when = days(shown.start_date, shown.end_date)
    return _told(Sought(clients(shown.contact_id), when, shown.destinations), but=lead_id)


def distinguish(lead_id: UUID, other_id: UUID) -> None:
    """Remember that two leads are two enquiries. Raises NotFound, MergedAway, Invalid."""
    _check(lead_id, other_id)
    if stored.distinguish(lead_id, other_id):
        publish(LeadsDistinguished(lead_id=lead_id, other_id=other_id, distinct=True))


def confuse(lead_id: UUID, other_id: UUID) -> None:
    """Take that back. Raises NotFound, MergedAway, Invalid."""
    _check(lead_id, other_id)
    if stored.confuse(lead_id, other_id):
        publish(LeadsDistinguished(lead_id=lead_id, other_id=other_id, distinct=False))


def _check(lead_id: UUID, other_id: UUID) -> None:
    leads.require(lead_id)
    if lead_id == other_id or leads.find(other_id) is None:
        raise Invalid(errors=[Fault("/other_id", "unknown", "There is no such other lead")])


def clients(contact_id: UUID) -> dict[UUID, duplicates.Reason]:
    """Who may be asking where a contact does."""
    return {**alike(contacts.like_contact(contact_id)), contact_id: SAME}


def alike(found: list[contacts.Found]) -> dict[UUID, duplicates.Reason]:
    """Contacts that may be the same; of those the caller may not see, nothing is told but that."""
    return {
        each.duplicate.id: duplicates.Reason(
            "alike_client",
            round(ALIKE_CLIENT * each.duplicate.score),
            f"{each.duplicate.label}: {each.duplicate.score} of 100" if each.within else "A contact you may not see",
        )
        for each in found
        if each.duplicate.score >= duplicates.LEAST
    }


def days(start: date | None, end: date | None) -> tuple[date, date] | None:
    """The first and the last day of a journey."""
    return None if start is None else (start, max(start, end or start))


def _told(sought: Sought, *, but: UUID | None) -> duplicates.Duplicates:
    return duplicates.told([(_weighed(sought, row), row.within) for row in _candidates(sought, but=but)])


def like(sought: Sought) -> list[tuple[duplicates.Duplicate, Candidate]]:
    """Every lead that one may be, whether or not the caller may see it."""
    return [(_weighed(sought, row), row) for row in _candidates(sought, but=None)]


def _candidates(sought: Sought, *, but: UUID | None) -> list[Candidate]:
    return stored.candidates(list(sought.clients), but=but) if sought.clients else []


def weigh(sought: Sought, other: Other) -> tuple[int, list[duplicates.Reason]]:
    """How sure it is that a lead is another one, and why."""
    reasons = [sought.clients[other.contact_id], *_when(sought, other), *_where(sought, other)]
    # One client asks for many journeys: without the days or the place in common, they are two.
    return duplicates.score(reasons) if len(reasons) > 1 and not _apart(sought, other) else 0, reasons


def _weighed(sought: Sought, row: Candidate) -> duplicates.Duplicate:
    score, reasons = weigh(sought, row)
    return duplicates.Duplicate(
        id=row.id,
        label=row.reference,
        score=score,
        reasons=reasons,
        owner_id=row.owner_id,
        owner_name=row.owner_name,
        team_id=row.team_id,
        version=row.version,
        created_at=row.created_at,
    )


def _apart(sought: Sought, row: Other) -> bool:
    """Whether they are about other days, or undated ones of a lead that is over."""
    theirs = days(row.start_date, row.end_date)
    if sought.days is None or theirs is None:
        return row.status in _CLOSED
    return not likeness.days(sought.days, theirs, window=WINDOW)


def _when(sought: Sought, row: Other) -> list[duplicates.Reason]:
    theirs = days(row.start_date, row.end_date)
    if sought.days is not None and theirs is not None:
        alike = likeness.days(sought.days, theirs, window=WINDOW)
        told = " to ".join(dict.fromkeys(day.isoformat() for day in theirs))
        return [duplicates.Reason("near_dates", round(_DAYS * alike), told)] if alike else []
    if clock.now() - row.created_at <= _RECENTLY:
        return [duplicates.Reason("recent", _RECENT, "It came in during the last thirty days")]
    return []


def _where(sought: Sought, row: Other) -> list[duplicates.Reason]:
    alike = likeness.places(sought.places, row.destinations)
    told = ", ".join(row.destinations)
    return [duplicates.Reason("same_destination", round(_PLACES * alike), told)] if alike else []
