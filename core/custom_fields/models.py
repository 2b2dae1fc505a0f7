"""The fields an agency added, and their values."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Computed,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    cast,
    column,
    func,
    literal,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.custom_fields.schemas import CustomChoice
from core.db.base import Model, Owned, Tenant
from core.db.personal import NOT_PERSONAL, Code, Number, personal
from core.db.types import StructJSON

TEXT_START = 200
"""How much of a text its index has room for."""


class CustomField(Owned, Model):
    """One field: what it is called, what it holds, and who sees it."""

    __tablename__ = "core_custom_field"

    entity: Mapped[Code]
    key: Mapped[Code]
    label: Mapped[Code]
    kind: Mapped[Code]
    description: Mapped[Code | None]
    decimals: Mapped[Number]
    max_length: Mapped[Number]
    required: Mapped[bool]
    choices: Mapped[list[CustomChoice]] = mapped_column(StructJSON(list[CustomChoice]), info=NOT_PERSONAL)
    default: Mapped[Any | None] = mapped_column("default_value", JSONB(none_as_null=True), info=NOT_PERSONAL)
    seen_by: Mapped[Code]
    personal: Mapped[bool]
    position: Mapped[Number]
    archived: Mapped[bool]

    __table_args__ = (
        UniqueConstraint("agency_id", "entity", "key"),
        # What values point at: their type is the field's, whatever two do at once.
        UniqueConstraint("agency_id", "kind", "decimals", "id", name="core_custom_field_type_key"),
        Index("core_custom_field_position_idx", "agency_id", "position", "id"),
        Index("core_custom_field_entity_idx", "agency_id", "entity", "position", "id"),
    )


class CustomValue(Tenant, Model):
    """One value of one thing; of several choices each has a row. It tells enough to be shown by itself."""

    __tablename__ = "core_custom_value"

    entity_id: Mapped[UUID]
    field_id: Mapped[UUID]
    place: Mapped[Number]
    """Which of several choices it is, from 0."""
    key: Mapped[Code]
    kind: Mapped[Code]
    decimals: Mapped[Number]
    text_value: Mapped[str | None] = mapped_column(info=personal("free_text"))
    """A text, or the code of a choice."""
    text_start: Mapped[str | None] = mapped_column(
        Computed(f'"left"(text_value, {TEXT_START})', persisted=True), info=personal("copy")
    )
    number_value: Mapped[int | None] = mapped_column(info=personal("free_text"))
    """A number without its point, or 1 for yes and 0 for no."""
    day_value: Mapped[date | None] = mapped_column(info=personal("free_text"))

    __table_args__ = (
        PrimaryKeyConstraint("agency_id", "entity_id", "field_id", "place"),
        ForeignKeyConstraint(
            ["agency_id", "kind", "decimals", "field_id"],
            [f"core_custom_field.{name}" for name in ("agency_id", "kind", "decimals", "id")],
            name="core_custom_value_type_fkey",
        ),
        # A row is in one of them.
        *(
            Index(
                f"core_custom_value_{name}_idx",
                *("agency_id", "field_id", name, "entity_id"),
                postgresql_where=column(name).is_not(None),
            )
            for name in ("text_start", "number_value", "day_value")
        ),
    )


SHOWN = (
    CustomValue.key,
    CustomValue.kind,
    CustomValue.decimals,
    func.coalesce(
        CustomValue.text_value,
        cast(CustomValue.number_value, Text()),
        func.to_char(CustomValue.day_value, literal("YYYY-MM-DD")),
    ),
)
"""What of a row makes the value that is shown: see `kinds.show`."""
