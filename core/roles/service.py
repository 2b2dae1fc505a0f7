"""What can be done with roles."""

from __future__ import annotations

from uuid import UUID

from msgspec import UNSET

from core import clock
from core.actor import Scope, current_actor
from core.auth.api import require_own_factor
from core.db.query import ListQuery, Page
from core.db.tenancy import current_agency_id
from core.errors import Fault, Invalid
from core.events.log import publish
from core.plugins.manager import installed
from core.revocations.api import revoke
from core.roles import builtin
from core.roles.errors import BuiltInRole, CodeTaken, RoleInUse
from core.roles.events import RoleChanged, RoleCreated, RoleDeleted
from core.roles.models import Role
from core.roles.repository import roles
from core.roles.schemas import PermissionView, RoleCopy, RoleDraft, RolePatch, RoleRow, RoleView
from core.users import rights


def rows(query: ListQuery) -> Page[RoleRow]:
    """A page of roles."""
    return roles.rows(query)


def view(role_id: UUID) -> RoleView:
    """A role and what it allows. Raises NotFound."""
    return roles.shown(role_id)


def catalogue() -> list[PermissionView]:
    """Everything a role can allow, by name."""
    declared = sorted(installed().permissions.values(), key=lambda permission: permission.name)
    return [PermissionView(each.name, each.summary, list(each.scopes)) for each in declared]


def create(draft: RoleDraft) -> RoleView:
    """Make a role. Raises Invalid for a permission nobody declares or the caller lacks, CodeTaken."""
    _check(draft.permissions)
    if roles.by_codes([draft.code]):
        raise CodeTaken
    role = roles.add(Role(code=draft.code, name=draft.name, built_in=False))
    roles.grant(role.id, draft.permissions)
    publish(RoleCreated(role_id=role.id, code=role.code, permissions=_plain(draft.permissions)))
    return roles.shown(role.id)


def copy(role_id: UUID, draft: RoleCopy) -> RoleView:
    """Make a role that allows and asks for what another does, to be changed from there; without its allow-list.

    Raises NotFound, Invalid, CodeTaken.
    """
    original = roles.shown(role_id)
    made = create(RoleDraft(code=draft.code, name=draft.name, permissions=original.permissions))
    roles.get(made.id).second_factor_required = original.second_factor_required
    roles.save()
    return roles.shown(made.id)


def change(role_id: UUID, patch: RolePatch, *, version: int | None) -> RoleView:
    """Change a role; of a built-in one only whether it asks for a second factor.

    Raises BuiltInRole, OwnFactorFirst, Invalid.
    """
    role = roles.get(role_id, version=version)
    if role.built_in and patch.changes().keys() - {"second_factor_required"}:
        raise BuiltInRole
    before = roles.permissions_of(role.id)
    if patch.second_factor_required is not UNSET:
        # Nobody opens, or shuts, a door to more than they may do themselves.
        rights.refuse_beyond(role.code, role.id, giver=current_actor())
        _ask_for_factor(role, patch.second_factor_required)
    role.name = patch.name or role.name
    if patch.permissions is not UNSET:
        # Nobody takes from others what they could not give.
        rights.refuse_beyond(role.code, role.id, giver=current_actor())
        _check(patch.permissions)
        roles.grant(role.id, patch.permissions)
        role.updated_at = clock.now()
    after = roles.permissions_of(role.id)
    publish(RoleChanged(role_id=role.id, from_permissions=_plain(before), permissions=_plain(after)), of=role)
    roles.save()
    revoke("agency", current_agency_id())
    return roles.shown(role.id)


def delete(role_id: UUID, *, version: int | None) -> None:
    """Delete a role nobody holds. Raises BuiltInRole, RoleInUse."""
    role = _own(role_id, version=version)
    if roles.is_held(role.id):
        raise RoleInUse
    publish(RoleDeleted(role_id=role.id, code=role.code))
    roles.remove(role)


def seed() -> None:
    """Give the acting agency the built-in roles."""
    for code, name in builtin.NAMES.items():
        roles.add(Role(code=code, name=name, built_in=True))


def _ask_for_factor(role: Role, required: bool) -> None:  # noqa: FBT001 - the value of a column
    if required and roles.is_held_by(current_actor().user_id, role.id):
        require_own_factor()
    role.second_factor_required = required


def _own(role_id: UUID, *, version: int | None) -> Role:
    role = roles.get(role_id, version=version)
    if role.built_in:
        raise BuiltInRole
    return role


def _check(permissions: dict[str, Scope]) -> None:
    """Refuse unknown permissions, scopes that make no sense, and giving away more than one has."""
    declared, actor = installed().permissions, current_actor()
    faults = []
    for name, scope in permissions.items():
        pointer = f"/permissions/{name}"
        mine = actor.scope_of(name)
        if name not in declared:
            faults.append(Fault(pointer, "unknown_permission", f"No plugin declares the permission {name}"))
        elif scope not in declared[name].scopes:
            faults.append(Fault(pointer, "scope", f"{name} cannot be limited to the scope {scope}"))
        elif mine is None or builtin.wider(mine, scope) != mine:
            faults.append(Fault(pointer, "beyond_your_own", f"You cannot grant {name} further than you hold it"))
    if faults:
        raise Invalid(errors=faults)


def _plain(permissions: dict[str, Scope]) -> dict[str, str]:
    return {name: str(scope) for name, scope in permissions.items()}
