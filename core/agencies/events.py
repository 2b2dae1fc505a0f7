"""What happened to agencies and brands."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from core.db.personal import Code
from core.events.event import Event


class AgencyCreated(Event):
    """An agency was made."""

    subject: ClassVar[str] = "agency_id"
    agency_id: UUID
    slug: Code


class AgencyChanged(Event):
    """The agency's own data changed."""

    subject: ClassVar[str] = "agency_id"
    agency_id: UUID
    fields: list[Code]


class AgencySuspended(Event):
    """The operator suspended the agency: nobody gets in, and nothing is done for it."""

    subject: ClassVar[str] = "agency_id"
    agency_id: UUID


class AgencyResumed(Event):
    """The operator let the agency work again."""

    subject: ClassVar[str] = "agency_id"
    agency_id: UUID


class BrandCreated(Event):
    """The agency took up a trading name."""

    subject: ClassVar[str] = "brand_id"
    brand_id: UUID
    code: Code


class BrandChanged(Event):
    """A trading name's data changed."""

    subject: ClassVar[str] = "brand_id"
    brand_id: UUID


class BrandDeleted(Event):
    """A trading name was given up."""

    subject: ClassVar[str] = "brand_id"
    brand_id: UUID
    code: Code
