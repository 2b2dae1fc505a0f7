"""Asking for an export or an erasure: the request and the job that carries it out are written together."""

from __future__ import annotations

from core.actor import acting_user_id
from core.events.log import publish
from core.privacy import collecting, erasures, exports, jobs, permissions
from core.privacy.errors import ErasureUnderWay, OnHold
from core.privacy.events import ErasureRequested, ExportRequested
from core.privacy.models import PrivacyRequest
from core.privacy.repository import holds_of, requests
from core.privacy.schemas import ErasureDraft, PersonRef, RequestView
from core.quotas import api as quotas
from core.vault import keys
from core.vault.keys import Person


def export(person: PersonRef) -> RequestView:
    """Have everything about a person put together in the background. Raises Invalid, SubjectErased, QuotaExceeded."""
    exports.check(person)
    made = requests.add(
        PrivacyRequest(
            kind="export", subject=person.kind, subject_id=person.id, state="queued", requested_by=acting_user_id()
        )
    )
    jobs.make_export.later(unique=str(made.id)).enqueue(request_id=made.id)
    publish(ExportRequested(request_id=made.id, person=person.kind, person_id=person.id))
    quotas.spend(permissions.EXPORTS.name)
    return requests.shown(made.id)


def erasure(draft: ErasureDraft) -> RequestView:
    """Have a person erased in the background.

    Raises Invalid, OnHold, StillMember, SubjectErased, and ErasureUnderWay where somebody else has that done.
    """
    person = draft.subject
    # Before the lock as well: whoever erases them just now holds that for a while.
    _refuse_second(person)
    keys.hold(Person(person.kind, person.id))
    _, holdings = exports.check(person)
    erasures.refuse_member(person)
    held = holds_of(person.kind, *collecting.same(person.id, holdings))
    if held:
        raise OnHold("; ".join(each.reason for each in held))
    _refuse_second(person)
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
    jobs.carry_out_erasure.later(unique=str(made.id)).enqueue(request_id=made.id)
    # Requests that were running beside it may have written something since.
    jobs.erase_late.later(delay=erasures.AGAIN_AFTER).enqueue(kind=person.kind, subject_id=person.id)
    publish(ErasureRequested(request_id=made.id, person=person.kind, person_id=person.id, why=draft.reason))
    return requests.shown(made.id)


def _refuse_second(person: PersonRef) -> None:
    if requests.is_being_erased(person.kind, person.id):
        raise ErasureUnderWay
