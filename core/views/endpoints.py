"""Saved views over HTTP."""

from __future__ import annotations

from uuid import UUID

from core.db.query import ListQuery, Page
from core.http.blueprint import Blueprint
from core.views import permissions, service
from core.views.repository import Views
from core.views.schemas import SavedViewDraft, SavedViewPatch, SavedViewView

blueprint = Blueprint("views", description="Views of lists that are kept under a name, and used as `?view=<id>`.")


@blueprint.get("/", permission=permissions.READ)
@blueprint.listing(Views.listing)
@blueprint.response(200, Page[SavedViewView])
def search(query: ListQuery) -> Page[SavedViewView]:
    """List the views you keep, and those that are shared with you."""
    return service.rows(query)


@blueprint.post("/", permission=permissions.KEEP)
@blueprint.arguments(SavedViewDraft)
@blueprint.response(201, SavedViewView)
def create(draft: SavedViewDraft) -> SavedViewView:
    """Keep a view of a list, for yourself or to share."""
    return service.create(draft)


@blueprint.get("/<uuid:view_id>", permission=permissions.READ)
@blueprint.response(200, SavedViewView)
def show(view_id: UUID) -> SavedViewView:
    """Show a view."""
    return service.view(view_id)


@blueprint.patch("/<uuid:view_id>", permission=permissions.KEEP)
@blueprint.if_match
@blueprint.arguments(SavedViewPatch)
@blueprint.response(200, SavedViewView)
def change(patch: SavedViewPatch, view_id: UUID, version: int | None) -> SavedViewView:
    """Change a view, or whom it is shared with."""
    return service.change(view_id, patch, version=version)


@blueprint.delete("/<uuid:view_id>", permission=permissions.KEEP)
@blueprint.if_match
@blueprint.response(204)
def delete(view_id: UUID, version: int | None) -> None:
    """Delete a view."""
    service.delete(view_id, version=version)


@blueprint.put("/<uuid:view_id>/pin", permission=permissions.KEEP)
@blueprint.response(200, SavedViewView)
def pin(view_id: UUID) -> SavedViewView:
    """Begin the list with this view from now on; it takes the place of another."""
    return service.pin(view_id)


@blueprint.delete("/<uuid:view_id>/pin", permission=permissions.KEEP)
@blueprint.response(204)
def unpin(view_id: UUID) -> None:
    """Begin the list with no view again."""
    service.unpin(view_id)
