"""Files that are kept, and how many bytes each agency uses."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db.base import Model, Owned
from core.db.personal import PERSONAL, Code, Number


class StoredFile(Owned, Model):
    """A file whose bytes lie in the storage under a key made of its agency and id."""

    __tablename__ = "core_file"

    purpose: Mapped[Code]
    """What it is for, as `agencies.logo`."""
    name: Mapped[str] = mapped_column(info=PERSONAL)
    """What people see; never a path."""
    media_type: Mapped[Code]
    size: Mapped[Number]
    sha256: Mapped[Code]
    created_by: Mapped[UUID | None]


class StorageUse(Owned, Model):
    """How many bytes an agency's files take."""

    __tablename__ = "core_storage_use"

    used: Mapped[Number]

    __table_args__ = (UniqueConstraint("agency_id"),)
