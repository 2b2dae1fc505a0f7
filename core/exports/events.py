"""What left an agency as a file."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from core.db.personal import Code
from core.events.event import Event


class ListExported(Event):
    """Somebody took a list out of the agency as a file. It says so before the first byte is sent."""

    subject: ClassVar[str] = "export_id"
    permission: ClassVar[str | None] = "audit.read"
    export_id: UUID
    entity: Code
    """What the rows are, as `leads.lead`."""
    form: Code
    columns: list[Code]
    narrowed_by: list[Code]
    """What decided which rows are in it: names of parameters, not their values."""
    rows: int
