"""What leads keep: their files, and what their notes and calls said before."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from core.sdk import PERSONAL, Code, Model, Number, Owned, owned_key


class NoteVersion(Owned, Model):
    """What a note said before its author changed it."""

    __tablename__ = "leads_note_version"

    lead_id: Mapped[UUID]
    note_id: Mapped[UUID]
    text: Mapped[str] = mapped_column(info=PERSONAL)
    written_at: Mapped[datetime]
    """Since when it said so; until when is when this row was made."""

    __table_args__ = (
        owned_key("lead_id", "leads_lead", ondelete="CASCADE"),
        owned_key("note_id", "leads_note", ondelete="CASCADE"),
        Index("leads_note_version_created_at_idx", "agency_id", "note_id", "created_at", "id"),
        Index("leads_note_version_lead_id_idx", "agency_id", "lead_id"),
    )


class CallVersion(Owned, Model):
    """What was logged of a call before somebody corrected it."""

    __tablename__ = "leads_call_version"

    lead_id: Mapped[UUID]
    call_id: Mapped[UUID]
    direction: Mapped[Code]
    outcome: Mapped[Code]
    at: Mapped[datetime]
    duration_seconds: Mapped[Number]
    note: Mapped[str | None] = mapped_column(info=PERSONAL)
    written_at: Mapped[datetime]
    """Since when it said so; until when is when this row was made."""

    __table_args__ = (
        owned_key("lead_id", "leads_lead", ondelete="CASCADE"),
        owned_key("call_id", "leads_call", ondelete="CASCADE"),
        Index("leads_call_version_created_at_idx", "agency_id", "call_id", "created_at", "id"),
        Index("leads_call_version_lead_id_idx", "agency_id", "lead_id"),
    )


class Attachment(Owned, Model):
    """A file that belongs to a lead."""

    __tablename__ = "leads_attachment"

    lead_id: Mapped[UUID]
    file_id: Mapped[UUID]
    author_id: Mapped[UUID | None]
    name: Mapped[str] = mapped_column(info=PERSONAL)
    media_type: Mapped[Code]
    size: Mapped[Number]
    """In bytes."""

    __table_args__ = (
        owned_key("lead_id", "leads_lead", ondelete="CASCADE"),
        owned_key("file_id", "core_file"),
        Index("leads_attachment_created_at_idx", "agency_id", "lead_id", "created_at", "id"),
    )
