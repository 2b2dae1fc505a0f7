"""What contacts may be contacted for: what they say, and what it comes to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from itertools import product
from typing import Any
from uuid import UUID

from core.sdk import (
    Fault,
    Invalid,
    ListQuery,
    Page,
    acting_user_id,
    clock,
    gather,
    privacy,
    publish,
    settings_of,
    vault,
)

from ..events import ConsentAsked, ConsentGiven, ConsentWithdrawn
from ..models import ConsentStatement, Contact
from ..repository import consents as stored
from ..repository import contacts
from ..repository import merges as merged
from ..repository.consents import Key, statements
from ..schemas import ContactView
from ..schemas.consents import ConsentDraft, MayContact, StatementView
from ..settings import ContactSettings
from .erased import is_erased


def rows(contact_id: UUID, query: ListQuery) -> Page[StatementView]:
    """A page of everything a contact said, and those that went into it. Raises NotFound, MergedAway."""
    return statements.rows(contacts.with_merged(contact_id), query)


def record(contact_id: UUID, drafts: Sequence[ConsentDraft]) -> ContactView:
    """Write down what a contact said, all or nothing.

    Raises NotFound, MergedAway, SubjectErased, Invalid with every fault.
    """
    contact = contacts.locked(contact_id)
    if is_erased(contact):
        raise vault.SubjectErased
    known = stored.standing(contact.id)
    withdrawn = {key: each.said_at for key, each in known.items() if each.state == "withdrawn"}
    checked = gather(*(partial(_said, contact, draft, number, {*known}) for number, draft in enumerate(drafts)))
    # That somebody withdraws everything says nothing new of what they withdrew then or later already.
    made = [
        each
        for draft, said in zip(drafts, checked, strict=True)
        for each in said
        if (draft.purpose and draft.channel) or _is_later(each, withdrawn.get((each.purpose, each.channel)))
    ]
    if not made:
        return contacts.shown(contact.id)
    stored.add(made)
    counting = settle(contact.id)
    contact.updated_at = clock.now()
    contacts.save()
    for each in made:
        publish(event_of(each, stands=each.id in counting))
    return contacts.written(contact.id)


def may_contact(contact_id: UUID, channel: str, purpose: str) -> MayContact:
    """Whether a contact may be contacted: by consent, or under the contract unless they object; else not."""
    found = stored.stood(contact_id, channel, purpose)
    if found is None or found.name == privacy.NAMELESS:
        return MayContact(allowed=False, reason="no_contact", basis=None)
    if found.state == "given":
        return MayContact(allowed=True, reason="given", basis=found.basis)
    # That a question is open says nothing: anybody may have asked it in their name.
    if found.state in {None, "pending"} and purpose in settings_of(ContactSettings).contract_purposes:
        return MayContact(allowed=True, reason="contract", basis="contract")
    return MayContact(allowed=False, reason=found.state or "nothing_said", basis=found.basis)


def stands(said: Iterable[ConsentStatement]) -> dict[Key, ConsentStatement]:
    """What statements come to, in whatever order they are told.

    The latest yes or no counts, of two at one instant the no. A question stands where nothing was ever answered: what
    nobody has confirmed takes no answer's place.
    """
    answers, questions = _latest(said)
    return questions | answers


def asked(said: Iterable[ConsentStatement]) -> dict[Key, ConsentStatement]:
    """The questions that are open: nothing was answered since, or that the answer does not hold was known then."""
    answers, questions = _latest(said)
    return {key: each for key, each in questions.items() if key not in answers or _is_open(each, answers[key])}


def _latest(said: Iterable[ConsentStatement]) -> tuple[dict[Key, ConsentStatement], dict[Key, ConsentStatement]]:
    """The last answer and the last question of each kind."""
    answers: dict[Key, ConsentStatement] = {}
    questions: dict[Key, ConsentStatement] = {}
    for each in said:
        among, key = questions if each.state == "pending" else answers, (each.purpose, each.channel)
        if key not in among or _rank(each) > _rank(among[key]):
            among[key] = each
    return answers, questions


def settle(contact_id: UUID) -> set[UUID]:
    """Let things stand as all statements of a contact, and of those that went into it, come to; which ones count."""
    said = stored.latest([contact_id, *merged.merged_into(contact_id)])
    standing, questions = stands(said), asked(said)
    stored.settle(contact_id, standing, questions)
    return {each.id for each in (*standing.values(), *questions.values())}


def unite(contact_id: UUID) -> bool:
    """The same where another contact went into it, or came out; whether that changed anything."""
    said = stored.latest([contact_id, *merged.merged_into(contact_id)])
    return stored.settle(contact_id, stands(said), asked(said))


def come_apart(contact_id: UUID, other_id: UUID, *, since: datetime) -> None:
    """Let both stand as each said; what was withdrawn while they were one is withdrawn for both."""
    names = ("purpose", "channel", "state", "basis", "source", "wording", "said_at", "expires_at", "recorded_by")
    both = [
        ConsentStatement(contact_id=other_id, **{name: getattr(each, name) for name in names})
        for each in stored.withdrawn_since(contact_id, since)
    ]
    stored.add(both)
    unite(contact_id)
    counting = settle(other_id)
    for each in both:
        publish(event_of(each, stands=each.id in counting))


def _is_later(said: ConsentStatement, before: datetime | None) -> bool:
    return before is None or said.said_at > before


def _rank(said: ConsentStatement) -> tuple[datetime, bool, UUID]:
    return (said.said_at, said.state == "withdrawn", said.id)


def _is_open(question: ConsentStatement, answer: ConsentStatement) -> bool:
    """Whether a question is newer than an answer, and the answer does not hold."""
    if answer.state == "withdrawn":
        return question.said_at > answer.said_at
    return answer.expires_at is not None and question.said_at >= answer.expires_at


def _said(contact: Contact, draft: ConsentDraft, number: int, known: set[Key]) -> list[ConsentStatement]:
    """What a draft says, for each purpose and channel it is about. Raises Invalid."""
    now, pointer, settings = clock.now(), f"/consents/{number}", settings_of(ContactSettings)
    said_at = draft.said_at or now
    faults = []
    for name, allowed in (("purpose", settings.consent_purposes), ("channel", settings.consent_channels)):
        value = getattr(draft, name)
        if value is None and draft.state != "withdrawn":
            faults.append(Fault(f"{pointer}/{name}", "required", f"Say of which {name} that is"))
        elif value is not None and value not in allowed:
            faults.append(Fault(f"{pointer}/{name}", "choice", f"One of {', '.join(allowed)}"))
    if said_at > now:
        faults.append(Fault(f"{pointer}/said_at", "future", "That is yet to come"))
    if draft.expires_at is not None and (draft.expires_at <= said_at or draft.state == "withdrawn"):
        faults.append(Fault(f"{pointer}/expires_at", "range", "What is given ends after it begins; a withdrawal stays"))
    if faults:
        raise Invalid(errors=faults)
    every = {*product(settings.consent_purposes, settings.consent_channels), *known}
    # Who wants no letters any more wants to hear of their journey.
    left_out = () if draft.purpose else settings.contract_purposes
    keys = sorted(
        (purpose, channel)
        for purpose, channel in every
        if draft.purpose in (None, purpose) and draft.channel in (None, channel) and purpose not in left_out
    )
    return [
        ConsentStatement(
            contact_id=contact.id,
            purpose=purpose,
            channel=channel,
            state=draft.state,
            basis=draft.basis,
            source=draft.source,
            wording=draft.wording,
            said_at=said_at,
            expires_at=draft.expires_at,
            recorded_by=acting_user_id(),
        )
        for purpose, channel in keys
    ]


def event_of(said: ConsentStatement, *, stands: bool) -> ConsentAsked | ConsentGiven | ConsentWithdrawn:
    """What tells a statement; `stands` where it counts."""
    common: dict[str, Any] = {
        "contact_id": said.contact_id,
        "statement_id": said.id,
        "purpose": said.purpose,
        "channel": said.channel,
        "source": said.source,
        "said_at": said.said_at,
        "stands": stands,
    }
    if said.state == "given":
        return ConsentGiven(**common, basis=said.basis, wording=said.wording, expires_at=said.expires_at)
    return (ConsentWithdrawn if said.state == "withdrawn" else ConsentAsked)(**common)
