"""What leads say about people: handed out, taken out on request, and after an agency's time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from core.sdk import custom_fields, privacy, search
from plugins.contacts import api as contacts

from ..models import Attachment, Call, CallVersion, Lead, Merge, Note, NoteVersion, StatusChange, Tag
from ..repository.attachments import attachments, versions
from ..repository.calls import versions as calls
from ..repository.merges import forget, references_in
from ..repository.personal import personal
from . import attachments as files
from .leads import ENTITY


def held(subject: privacy.Subject) -> list[privacy.Holding]:
    """A contact's leads, with their tags, notes, calls and steps."""
    if subject.kind != privacy.CONTACT:
        return []
    people = subject.rows | {subject.id}
    leads = personal.leads_of(people)
    ids = [lead.id for lead in leads]
    rest = (*personal.merges_of(people), *versions.of_leads(ids), *calls.of_leads(ids), *attachments.of_leads(ids))
    return [privacy.held(each) for each in (*leads, *personal.children_of(leads), *rest)]


def erase(subject: privacy.Subject) -> list[privacy.Outcome]:
    """Take a contact out of their leads, under whatever id they had; trip, status and dates stay."""
    if subject.kind != privacy.CONTACT:
        return []
    people = subject.rows | {subject.id}
    merges = personal.merges_of(people)
    for merge in merges:
        forget(merge)
    return [*anonymise(personal.leads_of(people)), privacy.Outcome(table=Merge.__tablename__, rows=len(merges))]


def anonymise(leads: Sequence[Lead]) -> list[privacy.Outcome]:
    """Leave of leads what says nothing about anybody."""
    children = personal.children_of(leads)
    merged = references_in([lead.id for lead in leads])
    for lead in leads:
        privacy.wipe(lead)
        # There is nobody left to ask again, or to go on with.
        lead.recycle_on = lead.back_on = None
        search.index(ENTITY, lead.id, [lead.reference, *lead.destinations, *merged.get(lead.id, ())])
    for note in (each for each in children if isinstance(each, Note)):
        note.text = privacy.NAMELESS
    for call in (each for each in children if isinstance(each, Call)):
        privacy.wipe(call)
    ids = [lead.id for lead in leads]
    said, logged, kept = versions.of_leads(ids), calls.of_leads(ids), attachments.of_leads(ids)
    versions.forget(ids)
    calls.forget(ids)
    for attachment in kept:
        files.forget(attachment)
    personal.clear_tags_and_steps(leads)
    custom_fields.forget(lead.id for lead in leads)
    counts = {kind: sum(isinstance(each, kind) for each in children) for kind in (Call, Note, StatusChange, Tag)}
    return [
        privacy.Outcome(table=Lead.__tablename__, rows=len(leads)),
        *(privacy.Outcome(table=kind.__tablename__, rows=count) for kind, count in counts.items()),
        privacy.Outcome(table=NoteVersion.__tablename__, rows=len(said)),
        privacy.Outcome(table=CallVersion.__tablename__, rows=len(logged)),
        privacy.Outcome(table=Attachment.__tablename__, rows=len(kept)),
    ]


def forget_lost(before: datetime, most: int) -> int:
    """Anonymise leads that were lost before an instant, of people who are not on hold; how many."""
    leads = personal.lost_before(before, but=contacts.on_hold(), most=most)
    personal.forget_merges(leads)
    anonymise(leads)
    privacy.forget_elsewhere(ENTITY, [lead.id for lead in leads])
    return len(leads)


def count_lost(before: datetime) -> int:
    """How many it would be."""
    return personal.count_lost_before(before, but=contacts.on_hold())
