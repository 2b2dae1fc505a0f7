"""What happened to an agency's own fields."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from core.db.personal import Code
from core.events.event import Event


class CustomFieldAdded(Event):
    """The agency added a field."""

    subject: ClassVar[str] = "field_id"
    field_id: UUID
    entity: Code


class CustomFieldChanged(Event):
    """A field got another name, type or rule."""

    subject: ClassVar[str] = "field_id"
    field_id: UUID
    entity: Code
    fields: list[Code]


class CustomFieldArchived(Event):
    """A field went out of use; its values are kept."""

    subject: ClassVar[str] = "field_id"
    field_id: UUID
    entity: Code


class CustomFieldRestored(Event):
    """A field is in use again, with the values it had."""

    subject: ClassVar[str] = "field_id"
    field_id: UUID
    entity: Code


class CustomFieldMoved(Event):
    """A field has another place among the others."""

    subject: ClassVar[str] = "field_id"
    field_id: UUID
    entity: Code
    position: int
