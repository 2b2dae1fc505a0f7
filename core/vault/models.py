"""The data keys of people, and who was erased."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db.base import Identified, Model
from core.db.personal import SECRET, Code


class DataKey(Identified, Model):
    """The key of everything sealed about one person in an agency, itself wrapped by a key of the ring `vault`.

    Without this row nothing that was sealed with it can be opened, wherever it was copied to.
    """

    __tablename__ = "core_data_key"

    subject: Mapped[Code]
    """What kind of thing the person is: `contacts.contact`."""
    subject_id: Mapped[UUID]
    wrapped: Mapped[str] = mapped_column(info=SECRET)
    kek_id: Mapped[UUID]
    """The ring's key it is wrapped with."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (
        UniqueConstraint("agency_id", "id"),
        UniqueConstraint("agency_id", "subject", "subject_id"),
        Index("core_data_key_kek_id_idx", "agency_id", "kek_id", "id"),
    )


class ErasedSubject(Identified, Model):
    """Somebody who was erased: what a restored backup is told, so that it forgets them again."""

    __tablename__ = "core_erased_subject"

    subject: Mapped[Code]
    subject_id: Mapped[UUID]
    erased_at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (UniqueConstraint("agency_id", "id"), UniqueConstraint("agency_id", "subject", "subject_id"))
