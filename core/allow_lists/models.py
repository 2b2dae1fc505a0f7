"""Lists of networks from which an agency's people may work."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.allow_lists.schemas import Network
from core.db.base import Model, Owned, owned_key
from core.db.personal import PERSONAL
from core.db.types import StructJSON


class AllowList(Owned, Model):
    """The networks from which everybody, or everybody with a role, may work."""

    __tablename__ = "core_allow_list"

    role_id: Mapped[UUID | None]
    """None for the list of the whole agency."""
    networks: Mapped[list[Network]] = mapped_column(StructJSON(list[Network]), info=PERSONAL)

    __table_args__ = (
        UniqueConstraint("agency_id", "role_id", postgresql_nulls_not_distinct=True),
        owned_key("role_id", "core_role", ondelete="CASCADE"),
        Index("core_allow_list_created_at_idx", "agency_id", "created_at", "id"),
    )
