"""What can be done with absences."""

from __future__ import annotations

from uuid import UUID

from msgspec import UNSET

from core.actor import Scope, current_actor, current_user_id
from core.calendars import permissions
from core.calendars.events import AbsenceAdded, AbsenceRemoved
from core.calendars.models import Absence
from core.calendars.repository import absences
from core.calendars.schemas import AbsenceDraft, AbsenceView
from core.db.query import ListQuery, Page
from core.errors import Fault, Forbidden, Invalid
from core.events.log import publish
from core.users import api as users


def rows(query: ListQuery) -> Page[AbsenceView]:
    """A page of absences."""
    return absences.rows(query)


def view(absence_id: UUID) -> AbsenceView:
    """An absence. Raises NotFound."""
    return absences.shown(absence_id)


def create(draft: AbsenceDraft) -> AbsenceView:
    """Say that a member is away. Raises Forbidden where that is somebody else and one may say so of oneself alone."""
    user_id = current_user_id() if draft.user_id is UNSET else draft.user_id
    actor = current_actor()
    if user_id != actor.user_id and actor.scope_of(permissions.ABSENCES.name) is not Scope.ALL:
        raise Forbidden("You may say when you are away yourself, and nobody else")
    faults = []
    if draft.ends_at <= draft.starts_at:
        faults.append(Fault("/ends_at", "order", "It ends before it begins"))
    if user_id not in users.zones([user_id]):
        faults.append(Fault("/user_id", "unknown", "There is no such active member"))
    if faults:
        raise Invalid(errors=faults)
    made = absences.add(Absence(user_id=user_id, starts_at=draft.starts_at, ends_at=draft.ends_at))
    publish(AbsenceAdded(absence_id=made.id, user_id=user_id))
    return absences.written(made.id)


def delete(absence_id: UUID, *, version: int | None) -> None:
    """Say that a member is not away after all. Raises NotFound."""
    gone = absences.get(absence_id, version=version)
    publish(AbsenceRemoved(absence_id=gone.id, user_id=gone.user_id))
    absences.remove(gone)
