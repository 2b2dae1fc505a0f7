"""What happened to the event log itself."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from core.db.personal import Code
from core.events.event import Event


class AuditExported(Event):
    """Somebody took a part of the event log out of the agency."""

    subject: ClassVar[str] = "export_id"
    export_id: UUID
    form: Code
    since: datetime | None
    until: datetime
    narrowed_by: list[Code]
    """What else decided which events are in it: names of filters, not their values."""
