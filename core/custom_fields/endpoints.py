"""An agency's own fields over HTTP."""

from __future__ import annotations

from uuid import UUID

from core.custom_fields import permissions, service
from core.custom_fields.repository import Fields
from core.custom_fields.schemas import (
    CustomFieldDraft,
    CustomFieldList,
    CustomFieldOrder,
    CustomFieldPatch,
    CustomFieldSchema,
    CustomFieldView,
    SchemaOf,
)
from core.db.query import ListQuery, Page
from core.http.blueprint import Blueprint

blueprint = Blueprint(
    "custom_fields", description="Custom fields: what the agency adds to leads, contacts and other things."
)


@blueprint.get("/", permission=permissions.READ)
@blueprint.listing(Fields.listing)
@blueprint.response(200, Page[CustomFieldView])
def search(query: ListQuery) -> Page[CustomFieldView]:
    """List the agency's own fields."""
    return service.rows(query)


@blueprint.post("/", permission=permissions.MANAGE, problems=(409,))
@blueprint.arguments(CustomFieldDraft)
@blueprint.response(201, CustomFieldView)
def create(draft: CustomFieldDraft) -> CustomFieldView:
    """Add a field."""
    return service.create(draft)


@blueprint.get("/schema", permission=permissions.READ)
@blueprint.query(SchemaOf)
@blueprint.response(200, CustomFieldSchema)
def schema(asked: SchemaOf) -> CustomFieldSchema:
    """Describe the object `custom_fields` of a lead, contact or other thing as a JSON Schema (2020-12)."""
    return service.schema(asked)


@blueprint.put("/order", permission=permissions.MANAGE)
@blueprint.arguments(CustomFieldOrder)
@blueprint.response(200, CustomFieldList)
def reorder(order: CustomFieldOrder) -> CustomFieldList:
    """Put fields into another order."""
    return service.reorder(order)


@blueprint.get("/<uuid:field_id>", permission=permissions.READ)
@blueprint.response(200, CustomFieldView)
def show(field_id: UUID) -> CustomFieldView:
    """Show a field."""
    return service.view(field_id)


@blueprint.patch("/<uuid:field_id>", permission=permissions.MANAGE, problems=(409,))
@blueprint.if_match
@blueprint.arguments(CustomFieldPatch)
@blueprint.response(200, CustomFieldView)
def change(patch: CustomFieldPatch, field_id: UUID, version: int | None) -> CustomFieldView:
    """Change a field."""
    return service.change(field_id, patch, version=version)


@blueprint.post("/<uuid:field_id>/archive", permission=permissions.MANAGE)
@blueprint.if_match
@blueprint.response(200, CustomFieldView)
def archive(field_id: UUID, version: int | None) -> CustomFieldView:
    """Take a field out of use; its values are kept."""
    return service.archive(field_id, version=version)


@blueprint.post("/<uuid:field_id>/restore", permission=permissions.MANAGE, problems=(409,))
@blueprint.if_match
@blueprint.response(200, CustomFieldView)
def restore(field_id: UUID, version: int | None) -> CustomFieldView:
    """Take a field into use again, with its values."""
    return service.restore(field_id, version=version)
