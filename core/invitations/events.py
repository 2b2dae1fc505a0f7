"""What happened to invitations."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from core.db.personal import Code
from core.events.event import Event

_PERMISSION = "users.manage"


class InvitationSent(Event):
    """Somebody was invited, for the first time or again."""

    subject: ClassVar[str] = "invitation_id"
    permission: ClassVar[str | None] = _PERMISSION
    invitation_id: UUID
    roles: list[Code]
    teams: list[UUID]
    sent: int


class InvitationWithdrawn(Event):
    """An invitation is no longer good."""

    subject: ClassVar[str] = "invitation_id"
    permission: ClassVar[str | None] = _PERMISSION
    invitation_id: UUID


class InvitationAccepted(Event):
    """Somebody accepted an invitation."""

    subject: ClassVar[str] = "invitation_id"
    permission: ClassVar[str | None] = _PERMISSION
    invitation_id: UUID
    user_id: UUID
