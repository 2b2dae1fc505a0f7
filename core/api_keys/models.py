"""API keys."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.actor import Scope
from core.db.base import Model, Owned, owned_key
from core.db.personal import NOT_PERSONAL, SECRET, Category, Codes, personal
from core.db.types import StructJSON


class ApiKey(Owned, Model):
    """A secret that lets a program act for a member, within some of their rights. Its public id is the row's."""

    __tablename__ = "core_api_key"

    user_id: Mapped[UUID]
    """Whose it is, and whose rights are its ceiling."""
    name: Mapped[str] = mapped_column(info=personal(Category.FREE_TEXT, about="user_id"))
    digest: Mapped[str] = mapped_column(info=SECRET)
    """SHA-256 of the whole key, in hexadecimal: whoever reads the table has no key."""
    previous_digest: Mapped[str | None] = mapped_column(info=SECRET)
    previous_until: Mapped[datetime | None]
    """Until when the key before the last rotation still opens."""
    scopes: Mapped[dict[str, Scope]] = mapped_column(StructJSON(dict[str, Scope]), info=NOT_PERSONAL)
    """Permission to scope."""
    networks: Mapped[Codes]
    """Where it may be used from, as CIDR; empty is anywhere."""
    rate_limit: Mapped[str | None] = mapped_column(info=NOT_PERSONAL)
    expires_at: Mapped[datetime]
    rotated_at: Mapped[datetime] = mapped_column(default=clock.now)
    """When the present secret was made."""
    last_used_at: Mapped[datetime | None]
    """Written at most once a minute, beside the requests; never later than the revocation."""
    revoked_at: Mapped[datetime | None]
    revoked_because: Mapped[str | None] = mapped_column(info=NOT_PERSONAL)
    """`revoked` by a person, or `reported` as found in the open."""

    __table_args__ = (
        owned_key("user_id", "core_membership", referred="user_id", ondelete="CASCADE"),
        Index("core_api_key_created_at_idx", "agency_id", "created_at", "id"),
        Index("core_api_key_user_id_idx", "agency_id", "user_id"),
    )
