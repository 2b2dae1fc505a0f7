"""Who is of which household or company, and as what."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from core.sdk import Code, Model, Owned, owned_key


class Member(Owned, Model):
    """A person of a household or company."""

    __tablename__ = "contacts_member"

    group_id: Mapped[UUID]
    group_kind: Mapped[Code]
    contact_id: Mapped[UUID]
    role: Mapped[Code]
    is_primary: Mapped[bool]
    """Whether they are the one to talk to: of a household, whose name a booking is in."""

    __table_args__ = (
        UniqueConstraint("agency_id", "group_id", "contact_id"),
        owned_key("group_id", "contacts_contact", ondelete="CASCADE"),
        owned_key("contact_id", "contacts_contact", ondelete="CASCADE"),
        Index("contacts_member_contact_id_idx", "agency_id", "contact_id", "group_id"),
        Index("contacts_member_created_at_idx", "agency_id", "group_id", "created_at", "id"),
    )


# A person is of one household, and there is one to talk to.
Index(
    "contacts_member_household_idx",
    Member.agency_id,
    Member.contact_id,
    unique=True,
    postgresql_where=Member.group_kind == "household",
)
Index(
    "contacts_member_primary_idx",
    Member.agency_id,
    Member.group_id,
    unique=True,
    postgresql_where=Member.is_primary,
)
