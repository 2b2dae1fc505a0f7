"""What other modules may ask about the agency."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from core.agencies.models import Brand
from core.agencies.repository import agency_view, is_suspended
from core.agencies.schemas import AgencyView
from core.extensions import db

__all__ = ["AgencyView", "agency_view", "is_brand", "is_suspended"]


def is_brand(brand_id: UUID) -> bool:
    """Whether a brand of the acting agency has this id."""
    return db.session.scalar(select(Brand.id).where(Brand.id == brand_id)) is not None
