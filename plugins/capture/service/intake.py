"""What came in is kept as it came, and becomes a contact and a lead in the same unit of work, once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from core.sdk import (
    UNSET,
    Fault,
    Invalid,
    Problem,
    clock,
    current_agency_id,
    db,
    gather,
    ids,
    locks,
    publish,
    under,
    users,
)
from plugins.contacts import api as contacts
from plugins.leads import api as leads

from ..events import EnquiryCaptured, FormSubmitted, SourceFailing, SubmissionSetAside
from ..models import Form, Hook, Submission
from ..repository import note_failing, submissions
from ..schemas.sources import CaptureDefaults
from ..schemas.submissions import ConsentSaid, Payload, StoredFault
from . import again, agreed, payloads, reading, senders
from . import known as people
from .catalogue import Known, named, still

_NOTE = 10_000


class Source(NamedTuple):
    """Where something came from, and what is said of every lead from there."""

    channel: str
    form_id: UUID | None = None
    hook_id: UUID | None = None
    brand_id: UUID | None = None
    owner_id: UUID | None = None
    team_id: UUID | None = None
    language: str | None = None
    defaults: CaptureDefaults = CaptureDefaults()
    failing: bool = False
    """Whether no lead could be made of what came last."""


class Made(NamedTuple):
    """What became of it."""

    lead_id: UUID
    contact_id: UUID
    known: bool


def take_in(
    source: Source,
    payload: Payload,
    read: Callable[[], reading.Filled],
    *,
    fingerprint: str,
    since: datetime | None,
    named: Mapping[str, Any],
    told: Collection[str] = (),
) -> Submission:
    """Keep what came in, and make a lead of it; what has come since an instant already is not taken in again,
    nor, where none is named, what ever has: that was faulty is tried again, and what says something else is told on the
    lead there is.

    `read` gives what each field says, or raises Invalid; `named` is what can be read of who sends it in any case.
    Raises Invalid where all there is to say can be told to whoever filled in the fields that are `told`; whatever else
    keeps a lead from being made is kept with it.
    """
    locks.exclusive(f"capture:{current_agency_id()}:{fingerprint}")
    before = submissions.same(fingerprint, since=since)
    if same := again.same(before, payload):
        return same if same.state != "faulty" else _retried(same, source, payload, read)
    if first := again.first_lead(before):
        return _told_again(first, source, payload, read, named=named, fingerprint=fingerprint)
    try:
        made = make_lead(source, read(), payload.consents)
    except Problem as problem:
        if problem.status >= 500:
            raise
        _refuse_told(problem, told)
        kept, who = _kept(source, payload, named, fingerprint=fingerprint)
        return submissions.name(aside(kept, "faulty", problem.code, problem.errors), who)
    kept, who = _kept(source, payload, named, fingerprint=fingerprint)
    return submissions.name(accept(kept, made, failing=source.failing), who)


def _retried(faulty: Submission, source: Source, payload: Payload, read: Callable[[], reading.Filled]) -> Submission:
    """What no lead could be made of when it came first, where one can be made by now."""
    try:
        made = make_lead(source, read(), payload.consents, said_at=faulty.created_at)
    except Problem as problem:
        if problem.status >= 500:
            raise
        return faulty
    return accept(submissions.locked(faulty.id), made, failing=source.failing)


def _told_again(
    first: Submission,
    source: Source,
    payload: Payload,
    read: Callable[[], reading.Filled],
    *,
    named: Mapping[str, Any],
    fingerprint: str,
) -> Submission:
    """Something else than what became a lead, by the same token or id: a note on that lead."""
    try:
        filled = read()
        noted = not filled.faults and again.note(first, filled.values)
    except Invalid:
        noted = False
    kept, who = _kept(source, payload, named, fingerprint=fingerprint)
    if not noted:
        return submissions.name(aside(kept, "faulty", "came_again"), who)
    kept.state, kept.reason = "accepted", "came_again"
    kept.lead_id, kept.contact_id, kept.known = first.lead_id, first.contact_id, first.known
    return submissions.name(submissions.add(kept), who)


def make_lead(
    source: Source,
    filled: reading.Filled,
    consents: Sequence[ConsentSaid],
    *,
    said_at: datetime | None = None,
    anew: bool = False,
) -> Made:
    """A lead of what was filled in, and the contact it is of; nothing where it raises. Raises Invalid.

    Consents were given when it came in, `said_at`, where that is not now. With `anew` it is of somebody new, whoever
    is known.
    """
    with db.session.begin_nested():
        filled = filled._replace(values=still(filled.values))
        known = named(filled.values)
        enquiry = reading.read(filled, known, source.defaults)
        # As somebody new, whoever they are: what is wrong is told in any case.
        draft = of_new = _draft(enquiry, source)
        with enquiry.faults_at_fields(), under("/contact"):
            contact_id = None if anew else people.find(enquiry)
        if contact_id is not None:
            note = _note(contact_id, enquiry, known)
            draft = msgspec.structs.replace(draft, contact=UNSET, contact_id=contact_id, note=note)
        owner_id = _owner(source)
        if owner_id is not None or source.team_id is not None:
            draft = msgspec.structs.replace(draft, owner_id=owner_id, team_id=source.team_id)
        with enquiry.faults_at_fields():
            lead = _create(draft, checked=of_new)
        agreed.record(lead.contact_id, consents, source.channel, known=contact_id is not None, said_at=said_at)
    return Made(lead.id, lead.contact_id, contact_id is not None)


def _create(draft: leads.LeadDraft, *, checked: leads.LeadDraft) -> leads.LeadView:
    """Make the lead. Raises Invalid, of who is known with the same as of somebody new: no answer tells them apart."""
    made: list[leads.LeadView] = []

    def check() -> None:
        if draft.contact is UNSET and checked.contact is not UNSET:
            with under("/contact"):
                contacts.check(checked.contact)

    gather(check, lambda: made.append(leads.create(draft)))
    return made[0]


def read(values: Mapping[str, Any], source: Source) -> leads.LeadDraft:
    """The lead that would be made of it, were it of somebody new. Raises Invalid."""
    filled = still(values)
    enquiry = reading.read(reading.Filled(filled), named(filled), source.defaults)
    return _draft(enquiry, source)


def _draft(enquiry: reading.Enquiry, source: Source) -> leads.LeadDraft:
    language = _language(enquiry, source)
    contact = {"language": language, **enquiry.contact}
    return enquiry.draft(contact=contact, language=language, brand_id=source.brand_id)


def accept(submission: Submission, made: Made, *, failing: bool) -> Submission:
    """Say that something became a lead; where what it came by was `failing`, it is no more."""
    submission.state, submission.reason, submission.faults = "accepted", None, []
    submission.lead_id, submission.contact_id, submission.known = made
    submissions.add(submission)
    form_id, hook_id, about = submission.form_id, submission.hook_id, made._asdict()
    if form_id is not None:
        publish(FormSubmitted(submission_id=submission.id, form_id=form_id, **about))
    else:
        channel = submission.channel
        publish(EnquiryCaptured(submission_id=submission.id, channel=channel, hook_id=hook_id, **about))
    for kind, source_id in _sources(submission) if failing else ():
        note_failing(kind, source_id, None)
    return submission


def set_aside(source: Source, payload: Payload, state: str, reason: str, *, named: Mapping[str, Any]) -> Submission:
    """Keep something that nobody tries to make a lead of now."""
    kept, who = _kept(source, payload, named, fingerprint=None)
    return submissions.name(aside(kept, state, reason), who)


def aside(submission: Submission, state: str, reason: str, faults: Sequence[Fault] = ()) -> Submission:
    """Say why no lead is made of something; once it is told that nothing comes through any more."""
    submission.state, submission.reason = state, reason
    submission.faults = [StoredFault(each.pointer, each.code, each.message) for each in faults]
    submissions.add(submission)
    where: dict[str, Any] = {
        "submission_id": submission.id,
        "form_id": submission.form_id,
        "hook_id": submission.hook_id,
    }
    publish(SubmissionSetAside(**where, channel=submission.channel, state=state, reason=reason))
    if state != "faulty" or reason == "came_again":
        return submission
    for kind, source_id in _sources(submission):
        if note_failing(kind, source_id, clock.now()):
            publish(SourceFailing(**where))
    return submission


def _sources(submission: Submission) -> list[tuple[type[Form | Hook], UUID]]:
    """The form or hook that something came by."""
    kinds: tuple[tuple[type[Form | Hook], UUID | None], ...] = ((Form, submission.form_id), (Hook, submission.hook_id))
    return [(kind, source_id) for kind, source_id in kinds if source_id is not None]


def fingerprint(source: Source, *parts: Any) -> str:
    """What the same has that comes again by the same way."""
    where = [source.channel, str(source.form_id or source.hook_id or "")]
    return hashlib.sha256(json.dumps([*where, *parts], sort_keys=True, default=str).encode()).hexdigest()


def _kept(
    source: Source, payload: Payload, named: Mapping[str, Any], *, fingerprint: str | None
) -> tuple[Submission, list[str]]:
    """What is to be stored of it, and whom it names."""
    submission_id = ids.new()
    found = senders.of(named, payload, country=source.defaults.country)
    kept = Submission(
        id=submission_id,
        channel=source.channel,
        form_id=source.form_id,
        hook_id=source.hook_id,
        state="faulty",
        sender=senders.shown(named, found),
        fingerprint=fingerprint,
        payload=payloads.sealed(payload, submission_id),
        faults=[],
        known=False,
    )
    return kept, found


def _refuse_told(problem: Problem, told: Collection[str]) -> None:
    """Raise Invalid with what whoever filled in the fields can put right, where that is anything."""
    theirs = [each for each in problem.errors if each.pointer in told]
    if isinstance(problem, Invalid) and theirs:
        raise Invalid(problem.detail, errors=theirs)


def _language(enquiry: reading.Enquiry, source: Source) -> str | None:
    found: str | None = enquiry.lead.get("language") or source.language
    return found


def _owner(source: Source) -> UUID | None:
    """Who gets the leads; nobody where they have left meanwhile: then whoever the rules find."""
    owner_id = source.owner_id
    return owner_id if owner_id is not None and owner_id in users.actors([owner_id]) else None


def _note(contact_id: UUID, enquiry: reading.Enquiry, known: dict[str, Known]) -> str | None:
    differ = people.differences(contact_id, enquiry, known)
    parts = [
        enquiry.lead.get("note"),
        "\n".join(["Told otherwise than the contact has it:", *differ]) if differ else "",
    ]
    return "\n\n".join(filter(None, parts))[:_NOTE] or None
