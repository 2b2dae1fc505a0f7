"""Queries for the agency and its brands."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Uuid, bindparam, select
from sqlalchemy.exc import IntegrityError

from core.agencies.errors import SlugTaken
from core.agencies.models import Agency, Brand
from core.agencies.schemas import AgencyView, BrandView
from core.db import read
from core.db.query import Filter, Listing, ListQuery, Page
from core.db.repository import Repository
from core.db.tenancy import current_agency_id
from core.errors import NotFound, PreconditionFailed
from core.extensions import db

# Not filtered like rows of an agency: it is the agency.
AGENCY = read.Query(select(*read.columns(AgencyView, Agency)).where(Agency.id == bindparam("agency_id")), AgencyView)
SUSPENDED = read.Query(
    select(Agency.suspended_at.is_not(None)).where(Agency.id == bindparam("agency_id", type_=Uuid())), bool
)
BRAND = select(*read.columns(BrandView, Brand))


def current_agency(*, version: int | None = None) -> Agency:
    """The acting agency, for changing it. Raises PreconditionFailed when `version` is no longer current."""
    agency = db.session.get(Agency, current_agency_id())
    if agency is None:
        raise NotFound
    if version is not None and agency.version != version:
        raise PreconditionFailed
    return agency


def add_agency(agency: Agency) -> None:
    """Make an agency. Raises SlugTaken; the slugs of other agencies are out of sight, so the constraint decides."""
    try:
        with db.session.begin_nested():
            db.session.add(agency)
    except IntegrityError:
        raise SlugTaken from None


def agency_view() -> AgencyView:
    """The acting agency."""
    found = AGENCY.first(agency_id=current_agency_id())
    if found is None:
        raise NotFound
    return found


def is_suspended() -> bool:
    """Whether the acting agency is suspended: whoever comes to a door without signing in is not let in."""
    return SUSPENDED.first(agency_id=current_agency_id()) is True


class Brands(Repository[Brand]):
    """An agency's trading names."""

    model = Brand
    permission = "agencies.read"
    listing = Listing(
        filters={"code": Filter(Brand.code, str, "Stable name.")},
        sorts={"created_at": Brand.created_at, "name": Brand.name},
        default_sort="created_at",
    )

    def rows(self, query: ListQuery) -> Page[BrandView]:
        """A page of brands."""
        return self.page(query, BRAND, BrandView)

    def shown(self, brand_id: UUID) -> BrandView:
        """A brand. Raises NotFound."""
        return self.view(brand_id, BRAND, BrandView)

    def by_code(self, code: str) -> Brand | None:
        """The brand with a code."""
        return db.session.scalar(select(Brand).where(Brand.code == code))


brands = Brands()
