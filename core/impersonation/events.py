"""What happened to impersonations."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from core.db.personal import Code
from core.events.event import Event

_PERMISSION = "users.manage"


class ImpersonationBegan(Event):
    """Somebody acts as a member, or as the platform's support; the log keeps their reason."""

    subject: ClassVar[str] = "impersonation_id"
    permission: ClassVar[str | None] = _PERMISSION
    impersonation_id: UUID
    impersonator_id: UUID
    user_id: UUID
    by_operator: bool
    role: Code | None
    """What an operator may do who came as support."""


class ImpersonationEnded(Event):
    """Somebody no longer acts as another."""

    subject: ClassVar[str] = "impersonation_id"
    permission: ClassVar[str | None] = _PERMISSION
    impersonation_id: UUID
    impersonator_id: UUID
    user_id: UUID
    how: Code
    """`ended` by themselves, `expired`, or `withdrawn` with the right to."""
