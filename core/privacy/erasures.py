"""Keeping nothing about a person: shown first, done as a whole, checked, and proven by what is left in the log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select

from core import clock
from core.actor import acting_user_id
from core.db.base import Model
from core.db.personal import category_of
from core.db.tenancy import current_agency_id
from core.events.log import publish
from core.extensions import db
from core.privacy import collecting, exports, identities
from core.privacy.errors import Incomplete, OnHold, StillMember
from core.privacy.events import ErasureRefused, ErasureRequested, PersonErased
from core.privacy.models import PrivacyRequest
from core.privacy.repository import holds_of, requests
from core.privacy.schemas import ErasureDraft, PersonRef, PreviewView, RequestView
from core.privacy.subjects import USER, Holding, Outcome, Subject
from core.users.models import Membership, User
from core.vault import keys
from core.vault.keys import Person

NAMELESS = "[erased]"
"""What stands where something must: a name that is shown in lists."""
_NOTHING: tuple[Any, ...] = (None, "", NAMELESS, [], {})


def preview(person: PersonRef) -> PreviewView:
    """What an erasure would do now: it is done, and undone. Raises Invalid, StillMember, SubjectErased."""
    subject, _ = exports.check(person)
    _refuse_member(person)
    with db.session.begin_nested() as tried:
        outcomes = collecting.erased(subject)
        tried.rollback()
    return PreviewView(outcomes, holds_of(person.kind, person.id), collecting.not_asked())


def request(draft: ErasureDraft) -> RequestView:
    """Have a person erased in the background. Raises Invalid, OnHold, StillMember, SubjectErased."""
    person = draft.subject
    exports.check(person)
    _refuse_member(person)
    held = holds_of(person.kind, person.id)
    if held:
        raise OnHold("; ".join(each.reason for each in held))
    made = requests.add(
        PrivacyRequest(
            kind="erasure",
            subject=person.kind,
            subject_id=person.id,
            reason=draft.reason,
            state="queued",
            requested_by=acting_user_id(),
        )
    )
    publish(ErasureRequested(request_id=made.id, person=person.kind, person_id=person.id, why=draft.reason))
    return requests.shown(made.id)


def carry_out(request_id: UUID) -> None:
    """Erase whom a request names, as a whole or not at all; nothing where that is done.

    Raises Incomplete where something personal is left.
    """
    wanted = requests.locked(request_id)
    if wanted.state != "queued":
        return
    held = holds_of(wanted.subject, wanted.subject_id)
    wanted.finished_at = clock.now()
    if held:
        wanted.state, wanted.manifest = "refused", {"holds": [str(each.id) for each in held]}
        requests.save()
        publish(ErasureRefused(request_id=wanted.id))
        return
    outcomes = erase(wanted.subject, wanted.subject_id, request_id=wanted.id)
    wanted.state = "done"
    wanted.manifest = {"outcomes": msgspec.to_builtins(outcomes), "not_asked": collecting.not_asked()}
    requests.save()


def erase(kind: str, subject_id: UUID, *, request_id: UUID | None) -> list[Outcome]:
    """Erase a person from the acting agency, in the running unit of work; what became of which rows."""
    subject, _ = collecting.collect(kind, subject_id)
    outcomes = collecting.erased(subject)
    outcomes += _bundles(kind, subject_id)
    db.session.flush()
    _check(subject, outcomes)
    # The key is the last thing to go: what is encrypted was still to be opened for the check.
    keys.forget(Person(kind, subject_id))
    if kind == USER:
        # Credentials are above the agencies: they are removed apart, and once more where this is repeated.
        outcomes.append(Outcome(table=str(User.__tablename__), rows=identities.forget(subject_id, current_agency_id())))
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


def _refuse_member(person: PersonRef) -> None:
    if person.kind != USER:
        return
    place = select(Membership.id).where(Membership.user_id == person.id, Membership.state != "left")
    if db.session.scalar(place) is not None:
        raise StillMember


def _bundles(kind: str, subject_id: UUID) -> list[Outcome]:
    mine = (PrivacyRequest.subject == kind, PrivacyRequest.subject_id == subject_id)
    found = requests.with_bundles(*mine, most=1_000)
    for each in found:
        each.bundle = None
    return [Outcome(table=PrivacyRequest.__tablename__, rows=len(found))]


def _check(subject: Subject, outcomes: Sequence[Outcome]) -> None:
    """Ask everybody again. Raises Incomplete where a row still says something that nobody said must stay."""
    kept = {each.table for each in outcomes if each.kept} | {User.__tablename__}
    left = sorted({name for each in collecting.asked(subject) if each.table not in kept for name in _said(each)})
    if left:
        raise Incomplete(", ".join(left))


def _said(holding: Holding) -> list[str]:
    table = Model.metadata.tables.get(holding.table)
    if table is None:
        return []
    personal = (column for column in table.columns if category_of(column) is not None)
    return [f"{table.name}.{column.name}" for column in personal if holding.values.get(column.name) not in _NOTHING]
