"""Keeping nothing about a person: shown first, done as a whole, checked, and proven by what is left in the log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import or_, select

from core import clock
from core.db import closing
from core.db.tenancy import current_agency_id
from core.errors import Fault, Invalid
from core.events.log import publish
from core.extensions import db
from core.privacy import collecting, exports, identities, own_rows
from core.privacy.errors import Incomplete, StillMember
from core.privacy.events import ErasureRefused, PersonErased
from core.privacy.models import OPEN, PrivacyRequest
from core.privacy.repository import holds_of, requests
from core.privacy.schemas import PersonRef, PreviewView
from core.privacy.subjects import USER, Outcome, Subject
from core.users.models import Membership
from core.vault import keys
from core.vault.keys import Person
from core.vault.models import ErasedSubject

AGAIN_AFTER = timedelta(minutes=15)
"""After which an erasure is repeated once: requests that ran beside it have ended."""
LATE = timedelta(days=30)


def preview(person: PersonRef) -> PreviewView:
    """What an erasure would do now: it is done, and undone. Raises Invalid, StillMember, SubjectErased."""
    subject, holdings = exports.check(person)
    refuse_member(person)
    with db.session.begin_nested() as tried:
        outcomes = collecting.erased(subject)
        tried.rollback()
    held = holds_of(person.kind, *collecting.same(person.id, holdings))
    return PreviewView(outcomes, held, collecting.not_asked())


def carry_out(request_id: UUID) -> None:
    """Erase whom a request names, as a whole or not at all; nothing where that is done.

    Raises Incomplete where something personal is left.
    """
    wanted = requests.locked(request_id)
    if wanted.state not in OPEN:
        return
    # A hold that was placed before this stands, and one that comes later finds them erased.
    keys.hold(Person(wanted.subject, wanted.subject_id))
    reason = _refusal(wanted)
    wanted.finished_at = clock.now()
    if reason:
        wanted.state, wanted.manifest = "refused", reason
        requests.save()
        publish(ErasureRefused(request_id=wanted.id))
        return
    outcomes = erase(wanted.subject, wanted.subject_id, request_id=wanted.id)
    wanted.state = "done"
    wanted.manifest = {"outcomes": msgspec.to_builtins(outcomes), "not_asked": collecting.not_asked()}
    requests.save()


def _refusal(wanted: PrivacyRequest) -> dict[str, Any]:
    """What came between a request and its erasure; nothing where nothing did."""
    _, holdings = collecting.collect(wanted.subject, wanted.subject_id)
    held = holds_of(wanted.subject, *collecting.same(wanted.subject_id, holdings))
    if held:
        return {"holds": [str(each.id) for each in held]}
    if wanted.subject == USER:
        # Whoever takes them in again waits for this, or was first.
        place = select(Membership.state).where(Membership.user_id == wanted.subject_id)
        if db.session.scalar(place.with_for_update(key_share=True)) != "left":
            return {"refused": StillMember.code}
    return {}


def erase(kind: str, subject_id: UUID, *, request_id: UUID | None) -> list[Outcome]:
    """Erase a person from the acting agency, in the running unit of work; what became of which rows."""
    keys.hold(Person(kind, subject_id))
    subject, holdings = collecting.collect(kind, subject_id)
    # Whom they were merged with are they: under none of their ids is anything kept.
    ids = collecting.same(subject_id, holdings)
    outcomes = collecting.erased(subject)
    for each in ids:
        outcomes += _bundles(kind, each)
    db.session.flush()
    _check(subject, outcomes)
    # The key is the last thing to go: what is encrypted was still to be opened for the check.
    for each in ids:
        keys.forget(Person(kind, each))
    if kind == USER:
        outcomes += _identity(subject_id, current_agency_id())
    outcomes = collecting.merged(outcomes)
    publish(
        PersonErased(
            person=kind,
            person_id=subject_id,
            request_id=request_id,
            rows=sum(each.rows for each in outcomes if not each.kept),
            kept=sum(each.rows for each in outcomes if each.kept),
        )
    )
    return outcomes


def _identity(user_id: UUID, agency_id: UUID) -> list[Outcome]:
    """What becomes of credentials, which are above the agencies, once everything here is sure to be erased."""
    outcomes = identities.foresee(user_id, agency_id)
    # Should it fail then, `repeat` does it.
    closing.of(db.session()).then(partial(identities.forget, user_id, agency_id))
    return outcomes


def recent() -> list[Person]:
    """Whom it may still be necessary to erase again: of colleagues somebody elsewhere may have held the identity."""
    late = or_(ErasedSubject.erased_at > clock.now() - LATE, ErasedSubject.subject == USER)
    return [
        Person(*row) for row in db.session.execute(select(ErasedSubject.subject, ErasedSubject.subject_id).where(late))
    ]


def repeat(kind: str, subject_id: UUID) -> None:
    """Erase what was written about somebody while or after they were erased. Raises Incomplete."""
    keys.hold(Person(kind, subject_id))
    subject, holdings = collecting.collect(kind, subject_id)
    held = holds_of(kind, *collecting.same(subject_id, holdings))
    if held or (kind == USER and state_of(subject_id) != "left"):
        return
    if collecting.said(holdings):
        erase(kind, subject_id, request_id=None)
    elif kind == USER:
        # Copies are no holdings: whoever took them in beside their erasure made them findable again.
        own_rows.forget_tokens(subject)
        identities.forget(subject_id, current_agency_id())


def state_of(user_id: UUID) -> str | None:
    """What place a colleague has here; None where they never had one."""
    return db.session.scalar(select(Membership.state).where(Membership.user_id == user_id))


def refuse_member(person: PersonRef) -> None:
    """Raise StillMember for who works here, Invalid for who never did."""
    if person.kind != USER:
        return
    state = state_of(person.id)
    if state is None:
        # An operator who came as support, or somebody who was only invited, was never the agency's.
        raise Invalid(errors=[Fault("/subject/id", "unknown", "There was never such a member")])
    if state != "left":
        raise StillMember


def _bundles(kind: str, subject_id: UUID) -> list[Outcome]:
    mine = (PrivacyRequest.subject == kind, PrivacyRequest.subject_id == subject_id)
    found = requests.with_bundles(*mine, most=1_000)
    for each in found:
        each.bundle = None
    return [Outcome(table=PrivacyRequest.__tablename__, rows=len(found))]


def _check(subject: Subject, outcomes: Sequence[Outcome]) -> None:
    """Ask everybody again. Raises Incomplete where more rows say something than somebody said must stay."""
    kept: dict[str, int] = {}
    for each in outcomes:
        if each.kept:
            kept[each.table] = kept.get(each.table, 0) + each.rows
    left = {
        column
        for table, rows in collecting.said(collecting.asked(subject)).items()
        if len(rows) > kept.get(table, 0)
        for row in rows
        for column in row
    }
    if left:
        raise Incomplete(left)
