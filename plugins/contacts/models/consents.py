"""What contacts said about being written to and called: every statement, and how things stand."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from core.sdk import Code, Model, Owned, owned_key


class Said:
    """What was said of one purpose and one channel."""

    contact_id: Mapped[UUID]
    purpose: Mapped[Code]
    channel: Mapped[Code]
    state: Mapped[Code]
    basis: Mapped[Code]
    source: Mapped[Code]
    wording: Mapped[Code | None]
    """The version of the text they were shown."""
    said_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]


class ConsentStatement(Said, Owned, Model):
    """What somebody said once; it is never changed, a later one takes its place."""

    __tablename__ = "contacts_consent_statement"

    recorded_by: Mapped[UUID | None]
    """Who wrote it down; nobody where they said it themselves, on a form."""

    __table_args__ = (
        owned_key("contact_id", "contacts_contact", ondelete="CASCADE"),
        Index("contacts_consent_statement_created_at_idx", "agency_id", "contact_id", "created_at", "id"),
        Index("contacts_consent_statement_said_at_idx", "agency_id", "contact_id", "purpose", "channel", "said_at"),
    )


class Consent(Said, Owned, Model):
    """How things stand for one purpose and channel: what all statements of a contact come to."""

    __tablename__ = "contacts_consent"

    statement_id: Mapped[UUID]
    """The statement that stands."""
    given_for: Mapped[Code | None]
    """`marketing:email` where it was given: what lists are filtered by."""
    asked_at: Mapped[datetime | None]
    """When they were asked what they have yet to answer."""

    __table_args__ = (
        UniqueConstraint("agency_id", "contact_id", "purpose", "channel"),
        owned_key("contact_id", "contacts_contact", ondelete="CASCADE"),
        Index("contacts_consent_given_for_idx", "agency_id", "given_for", "contact_id"),
    )
