"""Agencies, their brands, and which plugins each has switched off."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from core import ids
from core.db.base import Model, Owned, Versioned, owned_key
from core.db.personal import Code


class Agency(Versioned, Model):
    """A tenant: one travel business with its own people, data and base currency."""

    __tablename__ = "core_agency"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    slug: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[Code]
    currency: Mapped[Code]
    """Base currency, ISO 4217."""
    zone: Mapped[Code]
    """IANA zone its working day and reports follow."""
    language: Mapped[Code]
    country: Mapped[Code | None]
    second_factor_required: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether everybody in it needs a second factor."""
    suspended_at: Mapped[datetime | None]
    """Since when nobody gets in and nothing is done for it; its data stays."""


class Brand(Owned, Model):
    """A trading name inside an agency."""

    __tablename__ = "core_brand"

    code: Mapped[Code]
    name: Mapped[Code]
    email: Mapped[Code | None]
    """The desk's, not a person's."""
    phone: Mapped[Code | None]
    website: Mapped[Code | None]
    language: Mapped[Code]
    logo_id: Mapped[UUID | None]

    __table_args__ = (
        UniqueConstraint("agency_id", "code"),
        owned_key("logo_id", "core_file", ondelete="SET NULL (logo_id)"),
        Index("core_brand_created_at_idx", "agency_id", "created_at", "id"),
        Index("core_brand_name_idx", "agency_id", "name", "id"),
    )


class PluginSwitch(Owned, Model):
    """An agency's own choice about a plugin; without a row an enabled plugin is on."""

    __tablename__ = "core_plugin_switch"

    plugin: Mapped[Code]
    enabled: Mapped[bool]

    __table_args__ = (UniqueConstraint("agency_id", "plugin"),)
