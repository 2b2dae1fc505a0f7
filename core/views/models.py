"""Saved views, and which of them people begin with."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db.base import Model, Owned, owned_key
from core.db.personal import Code, personal
from core.db.types import StructJSON


class SavedView(Owned, Model):
    """What a list was asked, under a name: its owner's, or without one its team's, or without both the agency's."""

    __tablename__ = "core_view"

    entity: Mapped[Code]
    name: Mapped[str] = mapped_column(info=personal("free_text", about="owner_id"))
    owner_id: Mapped[UUID | None]
    team_id: Mapped[UUID | None]
    filter: Mapped[dict[str, str]] = mapped_column(
        StructJSON(dict[str, str]), info=personal("free_text", about="owner_id")
    )
    """Parameters of the list, as they stand in an address."""
    columns: Mapped[list[str]] = mapped_column(StructJSON(list[str]), info=personal("free_text", about="owner_id"))

    __table_args__ = (
        owned_key("owner_id", "core_membership", referred="user_id", ondelete="CASCADE"),
        owned_key("team_id", "core_team", ondelete="CASCADE"),
        Index("core_view_entity_idx", "agency_id", "entity", "name", "id"),
        Index("core_view_name_idx", "agency_id", "name", "id"),
        Index("core_view_created_at_idx", "agency_id", "created_at", "id"),
    )


class ViewPin(Owned, Model):
    """The view of a list that somebody begins with."""

    __tablename__ = "core_view_pin"

    user_id: Mapped[UUID]
    entity: Mapped[Code]
    view_id: Mapped[UUID]

    __table_args__ = (
        UniqueConstraint("agency_id", "user_id", "entity"),
        owned_key("user_id", "core_membership", referred="user_id", ondelete="CASCADE"),
        owned_key("view_id", "core_view", ondelete="CASCADE"),
        Index("core_view_pin_view_id_idx", "agency_id", "view_id", "user_id"),
    )
