"""Imports and what became of their rows. What the cells said is in the file alone."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db.base import Model, Owned, owned_key
from core.db.personal import NOT_PERSONAL, Code, Codes, Number, personal
from core.db.types import StructJSON
from core.imports.schemas import ImportOptions, RowFault


class Import(Owned, Model):
    """A file whose rows come in as things of a plugin."""

    __tablename__ = "core_import"

    entity: Mapped[Code]
    state: Mapped[Code]
    problem: Mapped[Code | None]
    """Why it stopped, for programs."""
    owner_id: Mapped[UUID | None]
    """Who uploaded it."""
    file_id: Mapped[UUID | None]
    """Empty once the file was deleted."""
    form: Mapped[Code]
    name: Mapped[str] = mapped_column(info=personal("free_text", about="owner_id"))
    headings: Mapped[list[str]] = mapped_column(StructJSON(list[str]), info=personal("free_text", about="owner_id"))
    """The first row, which in a file without headings is somebody's."""
    fingerprint: Mapped[Code]
    mapping: Mapped[Codes]
    """The column that each heading stands for, empty for none."""
    options: Mapped[ImportOptions] = mapped_column(
        StructJSON(ImportOptions), info=personal("free_text", about="owner_id")
    )
    job_id: Mapped[UUID | None]
    """What works on it, or last did."""
    total: Mapped[Number | None]
    """Rows in the file; known once it was checked."""
    line: Mapped[Number]
    """Up to where its rows came in."""
    good: Mapped[Number]
    duplicates: Mapped[Number]
    faulty: Mapped[Number]
    created: Mapped[Number]
    reverted: Mapped[Number]
    kept: Mapped[Number]
    checked_at: Mapped[datetime | None]
    run_at: Mapped[datetime | None]
    reverted_at: Mapped[datetime | None]

    __table_args__ = (
        owned_key("owner_id", "core_membership", referred="user_id", ondelete="SET NULL (owner_id)"),
        owned_key("file_id", "core_file", ondelete="SET NULL (file_id)"),
        Index("core_import_created_at_idx", "agency_id", "created_at", "id"),
        Index("core_import_entity_idx", "agency_id", "entity", "created_at", "id"),
        Index("core_import_state_idx", "agency_id", "state", "created_at", "id"),
        Index("core_import_owner_id_idx", "agency_id", "owner_id", "created_at", "id"),
    )


class ImportRow(Owned, Model):
    """What became of one row, or would: nothing of what its cells say."""

    __tablename__ = "core_import_row"

    import_id: Mapped[UUID]
    line: Mapped[Number]
    """The row as spreadsheets count, the headings included."""
    state: Mapped[Code]
    entity_id: Mapped[UUID | None]
    """What was made of it."""
    person_id: Mapped[UUID | None]
    """The contact it says something about, where that is known."""
    with_person: Mapped[bool]
    """Whether the contact was made of it."""
    faults: Mapped[list[RowFault]] = mapped_column(StructJSON(list[RowFault]), info=NOT_PERSONAL)
    """What is wrong with it; cells are not quoted."""
    duplicate_of: Mapped[UUID | None]
    duplicate_line: Mapped[Number | None]
    score: Mapped[Number | None]
    reasons: Mapped[Codes]
    kept_because: Mapped[Code | None]
    """Why what was made of it was not taken back."""

    __table_args__ = (
        UniqueConstraint("agency_id", "import_id", "line"),
        owned_key("import_id", "core_import", ondelete="CASCADE"),
        Index("core_import_row_line_idx", "agency_id", "import_id", "line", "id"),
        Index("core_import_row_state_idx", "agency_id", "import_id", "state", "line", "id"),
        Index("core_import_row_entity_id_idx", "agency_id", "entity_id"),
        Index("core_import_row_person_id_idx", "agency_id", "person_id"),
    )


class ImportMapping(Owned, Model):
    """How a file with certain headings was mapped last."""

    __tablename__ = "core_import_mapping"

    entity: Mapped[Code]
    fingerprint: Mapped[Code]
    mapping: Mapped[Codes]

    __table_args__ = (UniqueConstraint("agency_id", "entity", "fingerprint"),)
