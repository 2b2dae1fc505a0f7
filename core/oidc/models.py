"""Identity providers, and which of their people is which member."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db.base import Model, Owned, owned_key
from core.db.personal import Category, Code, Codes, personal, sealed


class IdentityProvider(Owned, Model):
    """Who an agency trusts to say who somebody is."""

    __tablename__ = "core_identity_provider"

    name: Mapped[Code]
    issuer: Mapped[Code]
    client_id: Mapped[Code]
    client_secret: Mapped[str | None] = mapped_column(info=sealed())
    """Sealed; None for a client that has none and proves itself by PKCE alone."""
    email_domains: Mapped[Codes]
    redirect_uri: Mapped[Code]
    new_member_role: Mapped[Code | None]
    """The code of the role of people who sign in for the first time; None where only members may."""
    trusts_second_factor: Mapped[bool]
    vouches_for_owners: Mapped[bool]
    """Only an owner may say so: whoever sets a provider up decides who everybody is."""
    enabled: Mapped[bool]

    __table_args__ = (
        UniqueConstraint("agency_id", "name"),
        Index("core_identity_provider_created_at_idx", "agency_id", "created_at", "id"),
    )


class EmailDomain(Owned, Model):
    """A domain of e-mail addresses that an agency says is its own."""

    __tablename__ = "core_email_domain"

    domain: Mapped[Code]
    token: Mapped[Code]
    """What the record must hold: drawn here, and public once it stands there."""
    proven_by: Mapped[Code | None]
    """`dns`, or `operator`; None while it is not proven."""
    proven_at: Mapped[datetime | None]
    last_check: Mapped[Code | None]
    checked_at: Mapped[datetime | None]
    found_at: Mapped[datetime | None]
    """When the record was last seen."""

    __table_args__ = (
        UniqueConstraint("agency_id", "domain"),
        Index("core_email_domain_created_at_idx", "agency_id", "created_at", "id"),
    )


class IdentityLink(Owned, Model):
    """A member, as a provider knows them."""

    __tablename__ = "core_identity_link"

    provider_id: Mapped[UUID]
    subject: Mapped[str] = mapped_column(info=personal(Category.TECHNICAL, about="user_id"))
    """`sub`: the one claim that is never given to somebody else."""
    user_id: Mapped[UUID]

    __table_args__ = (
        UniqueConstraint("agency_id", "provider_id", "subject"),
        # Whoever comes as somebody who has signed in already, under another subject, is somebody else.
        UniqueConstraint("agency_id", "provider_id", "user_id"),
        owned_key("provider_id", "core_identity_provider", ondelete="CASCADE"),
        owned_key("user_id", "core_membership", referred="user_id", ondelete="CASCADE"),
        Index("core_identity_link_created_at_idx", "agency_id", "created_at", "id"),
        Index("core_identity_link_user_id_idx", "agency_id", "user_id"),
    )
