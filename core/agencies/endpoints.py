"""The agency and its brands over HTTP."""

from __future__ import annotations

from uuid import UUID

from core.agencies import permissions, service
from core.agencies.repository import Brands
from core.agencies.schemas import AgencyPatch, AgencyView, BrandDraft, BrandPatch, BrandView
from core.db.query import ListQuery, Page
from core.files.api import FileLink
from core.http.blueprint import Blueprint
from core.uploads.kinds import IMAGES, MIB, Accepts
from core.uploads.receiving import Upload

blueprint = Blueprint("agencies", description="The agency you act in, and its brands.")

LOGO = Accepts(kinds=IMAGES, max_bytes=5 * MIB, max_pixels=25_000_000, max_side=1024)


@blueprint.get("/current", permission=permissions.READ)
@blueprint.response(200, AgencyView)
def show() -> AgencyView:
    """Show the agency."""
    return service.view()


@blueprint.patch("/current", permission=permissions.MANAGE)
@blueprint.if_match
@blueprint.arguments(AgencyPatch)
@blueprint.response(200, AgencyView)
def change(patch: AgencyPatch, version: int | None) -> AgencyView:
    """Change the agency."""
    return service.change(patch, version=version)


@blueprint.get("/brands", permission=permissions.READ)
@blueprint.listing(Brands.listing)
@blueprint.response(200, Page[BrandView])
def search_brands(query: ListQuery) -> Page[BrandView]:
    """List brands."""
    return service.brand_rows(query)


@blueprint.post("/brands", permission=permissions.MANAGE)
@blueprint.arguments(BrandDraft)
@blueprint.response(201, BrandView)
def create_brand(draft: BrandDraft) -> BrandView:
    """Take up a trading name."""
    return service.create_brand(draft)


@blueprint.get("/brands/<uuid:brand_id>", permission=permissions.READ)
@blueprint.response(200, BrandView)
def show_brand(brand_id: UUID) -> BrandView:
    """Show a brand."""
    return service.brand(brand_id)


@blueprint.patch("/brands/<uuid:brand_id>", permission=permissions.MANAGE)
@blueprint.if_match
@blueprint.arguments(BrandPatch)
@blueprint.response(200, BrandView)
def change_brand(patch: BrandPatch, brand_id: UUID, version: int | None) -> BrandView:
    """Change a brand."""
    return service.change_brand(brand_id, patch, version=version)


@blueprint.delete("/brands/<uuid:brand_id>", permission=permissions.MANAGE)
@blueprint.if_match
@blueprint.response(204)
def delete_brand(brand_id: UUID, version: int | None) -> None:
    """Give up a trading name."""
    service.delete_brand(brand_id, version=version)


@blueprint.get("/brands/<uuid:brand_id>/logo", permission=permissions.READ)
@blueprint.response(200, FileLink)
def show_logo(brand_id: UUID) -> FileLink:
    """Where to get the brand's logo."""
    return service.logo(brand_id)


@blueprint.put("/brands/<uuid:brand_id>/logo", permission=permissions.MANAGE)
@blueprint.if_match
@blueprint.upload(LOGO)
@blueprint.response(200, BrandView)
def change_logo(upload: Upload, brand_id: UUID, version: int | None) -> BrandView:
    """Give the brand a logo."""
    return service.change_logo(brand_id, upload, version=version)


@blueprint.delete("/brands/<uuid:brand_id>/logo", permission=permissions.MANAGE)
@blueprint.if_match
@blueprint.response(204)
def delete_logo(brand_id: UUID, version: int | None) -> None:
    """Take the brand's logo away."""
    service.delete_logo(brand_id, version=version)
