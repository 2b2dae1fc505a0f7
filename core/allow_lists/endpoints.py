"""Lists of allowed networks over HTTP."""

from __future__ import annotations

from uuid import UUID

from core.allow_lists import permissions, service
from core.allow_lists.repository import AllowLists
from core.allow_lists.schemas import AllowListDraft, AllowListPatch, AllowListView
from core.db.query import ListQuery, Page
from core.http.blueprint import Blueprint

blueprint = Blueprint("allow_lists", description="The networks from which people and keys of the agency may work.")


@blueprint.get("/", permission=permissions.READ)
@blueprint.listing(AllowLists.listing)
@blueprint.response(200, Page[AllowListView])
def search(query: ListQuery) -> Page[AllowListView]:
    """List the lists: the agency's own, and those of roles."""
    return service.rows(query)


@blueprint.post("/", permission=permissions.MANAGE, step_up=True, problems=(409,))
@blueprint.arguments(AllowListDraft)
@blueprint.response(201, AllowListView)
def create(draft: AllowListDraft) -> AllowListView:
    """Restrict everybody, or everybody with a role, to some networks; yours must be among them."""
    return service.create(draft)


@blueprint.get("/<uuid:list_id>", permission=permissions.READ)
@blueprint.response(200, AllowListView)
def show(list_id: UUID) -> AllowListView:
    """Show a list."""
    return service.view(list_id)


@blueprint.patch("/<uuid:list_id>", permission=permissions.MANAGE, step_up=True, problems=(409,))
@blueprint.if_match
@blueprint.arguments(AllowListPatch)
@blueprint.response(200, AllowListView)
def change(patch: AllowListPatch, list_id: UUID, version: int | None) -> AllowListView:
    """Give a list other networks; yours must be among them where it holds for you."""
    return service.change(list_id, patch, version=version)


@blueprint.delete("/<uuid:list_id>", permission=permissions.MANAGE, step_up=True)
@blueprint.if_match
@blueprint.response(204)
def delete(list_id: UUID, version: int | None) -> None:
    """Delete a list: it restricts nobody any more."""
    service.delete(list_id, version=version)
