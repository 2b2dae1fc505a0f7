"""Leads of an agency over months, with the people, steps, notes, tags, words and events that belong to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from core.sdk import bulk, ids, next_references, settings_of
from plugins.contacts import api as contacts

from ...events import LeadCreated, LeadLost, LeadMoved, LeadWon, NoteWritten
from ...models import Lead, Note, StatusChange, Tag
from ...settings import LeadSettings
from ..leads import ENTITY
from . import courses, people, trips

CHUNK = 500
_RETURNING = 0.17
"""The share of enquiries by people who asked before."""


class Owner(NamedTuple):
    """A member who gets leads, with their team."""

    user_id: UUID
    team_id: UUID | None


class Enquiry(NamedTuple):
    """A lead to be written, with what happened to it."""

    asked: datetime
    contact: contacts.Known
    new: bool
    owner: Owner | None
    wish: dict[str, Any]
    steps: tuple[courses.Step, ...]
    tags: list[str]
    notes: list[tuple[datetime, str]]


def enquiries(
    count: int, *, owners: Sequence[Owner], currency: str, until: datetime, months: int, first: int, random: Random
) -> Iterator[list[Enquiry]]:
    """So many enquiries over the months up to an instant, oldest first, in lists for one unit of work each.

    The same for the same state of `random`, ids included: each agency takes one of its own. `first` is the number of
    the first person: agencies that begin apart share no address. Every eighth lead has nobody yet.
    """
    known: list[contacts.Known] = []
    made: list[Enquiry] = []
    for asked in courses.arrivals(count, until=until, months=months, random=random):
        owner = random.choice(owners) if owners and random.random() > 0.12 else None
        returning = bool(known) and random.random() < _RETURNING
        contact = random.choice(known) if returning else _newcomer(first + len(known), asked, owner, random)
        if not returning:
            known.append(contact)
        steps = tuple(courses.course(asked, until=until, random=random))
        made.append(
            Enquiry(
                asked=asked,
                contact=contact,
                new=not returning,
                owner=owner,
                wish={**trips.wish(asked.date(), currency, random), "source": trips.source(random)},
                steps=steps,
                tags=trips.tags(random),
                notes=_notes(asked, steps, random),
            )
        )
        if len(made) == CHUNK:
            yield made
            made = []
    if made:
        yield made


def write(some: Sequence[Enquiry], random: Random) -> list[UUID]:
    """Write enquiries of the acting agency in the running unit of work, as the service would have; the leads' ids."""
    contacts.take_in([each.contact for each in some if each.new])
    references = _references(some)
    rows = [_row(each, references[each.asked.year].pop(0), random) for each in some]
    pairs = list(zip(some, rows, strict=True))
    bulk.insert(Lead, rows)
    bulk.insert(StatusChange, (step for each, row in pairs for step in _steps(each, row, random)))
    bulk.insert(Tag, (_child(row, each.asked, random, tag=tag) for each, row in pairs for tag in each.tags))
    notes = [(each, _note(each, row, at, text, random)) for each, row in pairs for at, text in each.notes]
    bulk.insert(Note, (note for _, note in notes))
    bulk.index(ENTITY, ((row["id"], _texts(row, each.tags)) for each, row in pairs))
    facts = [fact for each, row in pairs for fact in _facts(each, row)]
    facts += [_note_written(each, note) for each, note in notes]
    bulk.publish(sorted(facts, key=lambda fact: fact.at))
    return [row["id"] for row in rows]


def _newcomer(number: int, asked: datetime, owner: Owner | None, random: Random) -> contacts.Known:
    person = people.person(number, asked, random)
    return person._replace(owner_id=owner.user_id, team_id=owner.team_id) if owner else person


def _notes(asked: datetime, steps: Sequence[courses.Step], random: Random) -> list[tuple[datetime, str]]:
    times = [asked, *(step.at for step in steps)]
    return [(at + timedelta(minutes=3), random.choice(trips.NOTES)) for at in times if random.random() < 0.3]


def _references(some: Sequence[Enquiry]) -> dict[int, list[str]]:
    by_year: defaultdict[int, int] = defaultdict(int)
    for each in some:
        by_year[each.asked.year] += 1
    series = settings_of(LeadSettings).reference_series
    return {year: next_references(series, count, year=year) for year, count in sorted(by_year.items())}


def _row(each: Enquiry, reference: str, random: Random) -> dict[str, Any]:
    last = each.steps[-1] if each.steps else None
    status = last.to if last else "new"
    since = last.at if last else each.asked
    is_open = status not in ("won", "lost")
    due = since + timedelta(hours=random.randint(2, 96)) if is_open and random.random() < 0.7 else None
    return {
        **each.wish,
        "id": ids.at(each.asked, random),
        "reference": reference,
        "status": status,
        "status_since": since,
        "contact_id": each.contact.id,
        "owner_id": each.owner and each.owner.user_id,
        "team_id": each.owner and each.owner.team_id,
        "language": each.contact.language,
        "value_minor": each.wish["budget_minor"] if status != "new" else None,
        "value_currency": each.wish["budget_currency"] if status != "new" else None,
        "probability": {"won": 100, "lost": 0}.get(status),
        "next_action_at": due,
        "hold_until": since.date() + timedelta(days=30) if status == "on_hold" else None,
        "lost_reason": random.choice(courses.REASONS) if status == "lost" else None,
        "created_at": each.asked,
        "updated_at": max([since, *(at for at, _ in each.notes)]) if each.steps else each.asked,
    }


def _texts(row: dict[str, Any], tags: Sequence[str]) -> list[str | None]:
    """What `service.leads` makes a lead findable by."""
    return [row["reference"], row["departure_city"], row["occasion"], *row["destinations"], *tags]


def _child(row: dict[str, Any], at: datetime, random: Random, **columns: Any) -> dict[str, Any]:
    return {"id": ids.at(at, random), "lead_id": row["id"], "created_at": at, "updated_at": at, **columns}


def _steps(each: Enquiry, row: dict[str, Any], random: Random) -> Iterator[dict[str, Any]]:
    columns = {"from_status": None, "to_status": "new", "seconds_in_status": None, "author_id": row["owner_id"]}
    columns |= {"note": None, "reason": None, "manual": False}
    yield _child(row, each.asked, random, **columns)
    for step in each.steps:
        taken = {"from_status": step.left, "to_status": step.to, "seconds_in_status": step.seconds}
        lost = {"reason": row["lost_reason"], "note": "It came to nothing."} if step.to == "lost" else {}
        yield _child(row, step.at, random, **(columns | taken | lost))


def _note(each: Enquiry, row: dict[str, Any], at: datetime, text: str, random: Random) -> dict[str, Any]:
    return _child(row, at, random, author_id=row["owner_id"], text=text, pinned=False, mentions=[])


def _note_written(each: Enquiry, note: dict[str, Any]) -> bulk.Fact:
    event = NoteWritten(lead_id=note["lead_id"], note_id=note["id"], mentioned=[])
    return bulk.Fact(event=event, at=note["created_at"], user_id=note["author_id"])


def _facts(each: Enquiry, row: dict[str, Any]) -> Iterator[bulk.Fact]:
    lead_id, owner_id = row["id"], row["owner_id"]
    made = LeadCreated(lead_id=lead_id, reference=row["reference"], source=row["source"], owner_id=owner_id)
    first = {**row, "status": "new", "status_since": each.asked, "lost_reason": None, "hold_until": None}
    yield bulk.Fact(event=made, at=each.asked, user_id=owner_id, after=bulk.facts(Lead, first))
    for step in each.steps:
        moved = LeadMoved(lead_id=lead_id, from_status=step.left, to_status=step.to, manual=False)
        yield bulk.Fact(event=moved, at=step.at, user_id=owner_id, after={"status": step.to})
        if step.to == "won":
            yield bulk.Fact(event=LeadWon(lead_id=lead_id, owner_id=owner_id), at=step.at, user_id=owner_id)
        elif step.to == "lost":
            lost = LeadLost(lead_id=lead_id, reason=row["lost_reason"])
            yield bulk.Fact(event=lost, at=step.at, user_id=owner_id)
