"""The reporting line: who answers to whom."""

from __future__ import annotations

from uuid import UUID

from core.errors import Fault, Invalid
from core.events.log import publish
from core.users.events import MemberMoved
from core.users.models import Membership
from core.users.repository import members


def place_under(member: Membership, superior_id: UUID | None) -> None:
    """Have a member report to another, or to nobody. Raises Invalid for a stranger and for a line that is a circle."""
    if superior_id == member.reports_to:
        return
    if superior_id is not None:
        _check(member.user_id, superior_id)
    publish(MemberMoved(user_id=member.user_id, from_superior=member.reports_to, superior=superior_id))
    member.reports_to = superior_id


def pass_on(user_id: UUID, superior_id: UUID | None) -> None:
    """Whoever reported to somebody who leaves reports to their superior from now on."""
    for moved in members.move_subordinates(user_id, superior_id):
        publish(MemberMoved(user_id=moved, from_superior=user_id, superior=superior_id))


def _check(user_id: UUID, superior_id: UUID) -> None:
    if superior_id not in members.active([superior_id]):
        raise Invalid(errors=[Fault("/reports_to", "unknown", "There is no such active member")])
    if user_id in members.superiors(superior_id):
        raise Invalid(errors=[Fault("/reports_to", "circle", "They report to this member themselves")])
