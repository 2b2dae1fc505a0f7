"""Roles over HTTP."""

from __future__ import annotations

from uuid import UUID

from core.db.query import ListQuery, Page
from core.http.blueprint import Blueprint
from core.roles import permissions, service
from core.roles.repository import Roles
from core.roles.schemas import PermissionView, RoleCopy, RoleDraft, RolePatch, RoleRow, RoleView

blueprint = Blueprint("roles", description="Roles: what members may do.")


@blueprint.get("/", permission=permissions.READ)
@blueprint.listing(Roles.listing)
@blueprint.response(200, Page[RoleRow])
def search(query: ListQuery) -> Page[RoleRow]:
    """List roles."""
    return service.rows(query)


@blueprint.post("/", permission=permissions.MANAGE, step_up=True, problems=(409,))
@blueprint.arguments(RoleDraft)
@blueprint.response(201, RoleView)
def create(draft: RoleDraft) -> RoleView:
    """Make a role of the agency's own."""
    return service.create(draft)


@blueprint.get("/permissions", permission=permissions.READ)
@blueprint.response(200, list[PermissionView])
def catalogue() -> list[PermissionView]:
    """Everything a role can allow."""
    return service.catalogue()


@blueprint.get("/<uuid:role_id>", permission=permissions.READ)
@blueprint.response(200, RoleView)
def show(role_id: UUID) -> RoleView:
    """Show a role and what it allows."""
    return service.view(role_id)


@blueprint.post("/<uuid:role_id>/copy", permission=permissions.MANAGE, step_up=True, problems=(409,))
@blueprint.arguments(RoleCopy)
@blueprint.response(201, RoleView)
def copy(draft: RoleCopy, role_id: UUID) -> RoleView:
    """Make a role of the agency's own that allows what this one does, as far as you may grant it.

    It asks for a second factor where this one does; a list of allowed networks is not copied.
    """
    return service.copy(role_id, draft)


@blueprint.patch("/<uuid:role_id>", permission=permissions.MANAGE, step_up=True, problems=(409,))
@blueprint.if_match
@blueprint.arguments(RolePatch)
@blueprint.response(200, RoleView)
def change(patch: RolePatch, role_id: UUID, version: int | None) -> RoleView:
    """Change a role of the agency's own."""
    return service.change(role_id, patch, version=version)


@blueprint.delete("/<uuid:role_id>", permission=permissions.MANAGE, step_up=True, problems=(409,))
@blueprint.if_match
@blueprint.response(204)
def delete(role_id: UUID, version: int | None) -> None:
    """Delete a role nobody holds."""
    service.delete(role_id, version=version)
