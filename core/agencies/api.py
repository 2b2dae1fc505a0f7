"""What other modules may ask about the agency."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Uuid, bindparam, select

from core.agencies.models import Brand
from core.agencies.repository import agency_view, is_suspended
from core.agencies.schemas import AgencyView
from core.db import read
from core.extensions import db

__all__ = ["AgencyView", "agency_view", "brand_name", "is_brand", "is_suspended"]

_BRAND_NAME = read.Query(select(Brand.name).where(Brand.id == bindparam("brand_id", type_=Uuid())), str)


def is_brand(brand_id: UUID) -> bool:
    """Whether a brand of the acting agency has this id."""
    return db.session.scalar(select(Brand.id).where(Brand.id == brand_id)) is not None


def brand_name(brand_id: UUID) -> str | None:
    """What a brand of the acting agency is called; None where there is none."""
    return _BRAND_NAME.first(brand_id=brand_id)
