"""What happened to saved views."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from core.db.personal import Code
from core.events.event import Event


class ViewSaved(Event):
    """Somebody kept a view of a list."""

    subject: ClassVar[str] = "view_id"
    view_id: UUID
    entity: Code
    audience: Code


class ViewChanged(Event):
    """Somebody changed a view of a list."""

    subject: ClassVar[str] = "view_id"
    view_id: UUID
    fields: list[Code]


class ViewDeleted(Event):
    """Somebody deleted a view of a list."""

    subject: ClassVar[str] = "view_id"
    view_id: UUID
    entity: Code
