"""The active members of an agency as other modules need them: who is there, where, and what each may do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, ColumnElement, Select, Text, Uuid, and_, any_, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import JSONB

from core.actor import Actor
from core.db import read
from core.db.tenancy import current_agency_id
from core.plugins.manager import installed
from core.roles import builtin
from core.roles.models import MembershipRole, Role, RolePermission
from core.users.models import Membership, Team, TeamMember, User

_HELD = select(MembershipRole.role_id).where(MembershipRole.user_id == Membership.user_id).correlate(Membership)
_CODES = select(Role.code).where(Role.id.in_(_HELD), Role.built_in)
_GRANTS = select(func.jsonb_build_array(RolePermission.permission, RolePermission.scope)).where(
    RolePermission.role_id.in_(_HELD)
)
_TEAMS = select(TeamMember.team_id).where(TeamMember.user_id == Membership.user_id)


def _array(statement: Select[Any], kind: Any) -> ColumnElement[Any]:
    return func.array(statement.correlate(Membership).scalar_subquery(), type_=ARRAY(kind))


def _active(*columns: Any) -> Select[Any]:
    """Who is no longer suspended or disabled: only they are anybody's colleague."""
    people = select(*columns).join(User, User.id == Membership.user_id)
    return people.where(Membership.state == "active", User.disabled_at.is_(None))


def _these(*columns: Any) -> Select[Any]:
    return _active(*columns).where(Membership.user_id == any_(bindparam("user_ids", type_=ARRAY(Uuid()))))


def _actor(user_id: UUID, codes: list[str], own: list[tuple[str, str]], teams: list[UUID]) -> Actor:
    return Actor(
        kind="user",
        agency_id=current_agency_id(),
        user_id=user_id,
        team_ids=frozenset(teams),
        grants=builtin.combined(codes, own, installed().permissions),
    )


_ZONES = read.Query(_these(Membership.user_id, User.zone), lambda user_id, zone: (user_id, zone))
_RIGHTS = read.Query(
    _these(Membership.user_id, _array(_CODES, Text()), _array(_GRANTS, JSONB()), _array(_TEAMS, Uuid())),
    _actor,
)
_EVERYBODY = read.Query(
    _active(Membership.user_id, _array(_CODES, Text()), _array(_GRANTS, JSONB()), _array(_TEAMS, Uuid())), _actor
)
_TEAM = read.Query(
    _active(Membership.user_id)
    .join(TeamMember, TeamMember.user_id == Membership.user_id)
    .where(TeamMember.team_id == bindparam("team_id", type_=Uuid()))
    .order_by(Membership.user_id),
    lambda user_id: user_id,
)


_CANDIDATES = read.Query(
    _active(Membership.user_id, _array(_CODES, Text()), _array(_GRANTS, JSONB()), _array(_TEAMS, Uuid()))
    .where(
        or_(
            Membership.user_id == any_(bindparam("user_ids", type_=ARRAY(Uuid()))),
            and_(
                bindparam("by_group", type_=Boolean()),
                or_(
                    bindparam("team_id", type_=Uuid()).is_(None),
                    Membership.user_id.in_(
                        select(TeamMember.user_id).where(TeamMember.team_id == bindparam("team_id", type_=Uuid()))
                    ),
                ),
                or_(
                    bindparam("role", type_=Text()).is_(None),
                    Membership.user_id.in_(
                        select(MembershipRole.user_id)
                        .join(Role, Role.id == MembershipRole.role_id)
                        .where(Role.code == bindparam("role", type_=Text()))
                    ),
                ),
            ),
        )
    )
    .order_by(Membership.user_id),
    _actor,
)
_IS_TEAM = read.Query(select(Team.id).where(Team.id == bindparam("team_id", type_=Uuid())), lambda found: found)
_IS_ROLE = read.Query(select(Role.id).where(Role.code == bindparam("role", type_=Text())), lambda found: found)


def candidates(*, user_ids: Iterable[UUID] = (), team_id: UUID | None = None, role: str | None = None) -> list[Actor]:
    """The active members among these, or where none are named those of a team, of a role, or of a role in a team."""
    named = list(user_ids)
    by_group = not named and (team_id is not None or role is not None)
    return _CANDIDATES.rows(user_ids=named, by_group=by_group, team_id=team_id, role=role)


def is_team(team_id: UUID) -> bool:
    """Whether a team of the acting agency has this id."""
    return _IS_TEAM.first(team_id=team_id) is not None


def is_role(code: str) -> bool:
    """Whether a role of the acting agency has this code."""
    return _IS_ROLE.first(role=code) is not None


def zones(user_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The IANA zones of those who are active members of the acting agency."""
    return dict(_ZONES.rows(user_ids=list(user_ids)))


def of_team(team_id: UUID) -> list[UUID]:
    """The active members of a team."""
    return _TEAM.rows(team_id=team_id)


def actors(user_ids: Iterable[UUID]) -> dict[UUID, Actor]:
    """The active members among these, each with the rights they would act with."""
    return {actor.user_id: actor for actor in _RIGHTS.rows(user_ids=list(user_ids)) if actor.user_id}


def holders(permission: str) -> list[UUID]:
    """The active members of the acting agency who hold a permission, in whatever scope."""
    return [each.user_id for each in _EVERYBODY.rows() if each.user_id and each.scope_of(permission) is not None]
