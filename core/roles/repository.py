"""Queries for roles."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, delete, func, select
from sqlalchemy.dialects.postgresql import JSONB

from core.actor import Scope
from core.db import read
from core.db.query import Filter, Listing, ListQuery, Page
from core.db.repository import Repository
from core.extensions import db
from core.plugins.manager import installed
from core.roles import builtin
from core.roles.models import MembershipRole, Role, RolePermission
from core.roles.schemas import RoleRow, RoleView

ROW = select(*read.columns(RoleRow, Role))
_GRANTS = select(func.jsonb_build_array(RolePermission.permission, RolePermission.scope)).where(
    RolePermission.role_id == Role.id
)
WHOLE = select(
    *(Role.id, Role.code, Role.name, Role.built_in, Role.second_factor_required, Role.version, Role.created_at),
    func.array(_GRANTS.correlate(Role).scalar_subquery(), type_=ARRAY(JSONB())),
)


class Roles(Repository[Role]):
    """An agency's roles."""

    model = Role
    permission = "roles.read"
    listing = Listing(
        filters={
            "code": Filter(Role.code, str, "Stable name."),
            "built_in": Filter(Role.built_in, bool, "Whether every agency has it."),
        },
        sorts={"created_at": Role.created_at, "name": Role.name},
        default_sort="created_at",
    )

    def rows(self, query: ListQuery) -> Page[RoleRow]:
        """A page of roles."""
        return self.page(query, ROW, RoleRow)

    def shown(self, role_id: UUID) -> RoleView:
        """A role and what it allows. Raises NotFound."""
        return self.view(role_id, WHOLE, _view)

    def by_codes(self, codes: list[str]) -> dict[str, UUID]:
        """The ids of roles, by code."""
        statement = select(Role.code, Role.id).where(Role.code.in_(codes))
        return {row.code: row.id for row in db.session.execute(statement)}

    def permissions_of(self, role_id: UUID) -> dict[str, Scope]:
        """What a role of the agency's own grants."""
        statement = select(RolePermission.permission, RolePermission.scope).where(RolePermission.role_id == role_id)
        return {permission: Scope(scope) for permission, scope in db.session.execute(statement)}

    def grants_of(self, code: str, role_id: UUID) -> dict[str, Scope]:
        """What a role allows, built in or the agency's own."""
        built_in = db.session.scalar(select(Role.built_in).where(Role.id == role_id))
        return builtin.grants(code, installed().permissions.values()) if built_in else self.permissions_of(role_id)

    def grant(self, role_id: UUID, permissions: dict[str, Scope]) -> None:
        """Replace what a role grants."""
        db.session.execute(delete(RolePermission).where(RolePermission.role_id == role_id))
        for permission, scope in sorted(permissions.items()):
            db.session.add(RolePermission(role_id=role_id, permission=permission, scope=scope))
        db.session.flush()

    def is_held_by(self, user_id: UUID | None, role_id: UUID) -> bool:
        """Whether a member holds a role."""
        held = select(MembershipRole.id).where(MembershipRole.role_id == role_id, MembershipRole.user_id == user_id)
        return db.session.scalar(held) is not None

    def is_held(self, role_id: UUID) -> bool:
        """Whether a member holds the role."""
        statement = select(MembershipRole.id).where(MembershipRole.role_id == role_id).limit(1)
        return db.session.scalar(statement) is not None


def _view(
    role_id: UUID,
    code: str,
    name: str,
    built_in: bool,  # noqa: FBT001 - a column of a row
    second_factor_required: bool,  # noqa: FBT001 - a column of a row
    version: int,
    created_at: datetime,
    own: list[tuple[str, str]],
) -> RoleView:
    granted = {permission: Scope(scope) for permission, scope in sorted(own)}
    if built_in:
        granted = builtin.grants(code, installed().permissions.values())
    return RoleView(role_id, code, name, built_in, second_factor_required, version, created_at, granted)


roles = Roles()
