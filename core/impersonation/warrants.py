"""What an impersonation rests on, asked whenever its token is looked at: it ends with the right to it."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from core import clock
from core.actor import Actor, Scope
from core.auth.api import STRONG
from core.impersonation.repository import WARRANT, Warrant
from core.plugins.manager import installed
from core.roles import builtin
from core.users import permissions


def narrowed(session_id: UUID, grants: Mapping[str, Scope]) -> Mapping[str, Scope] | None:
    """What somebody may do who acts as a member with these rights: only what they themselves may do everywhere.

    None where they may not act as anybody any more.
    """
    warrant = WARRANT.first(session_id=session_id, now=clock.now())
    if warrant is None or warrant.role is not None:
        return None
    if warrant.by_operator:
        return grants if warrant.operator_id is not None else None
    own = _own(warrant)
    if permissions.IMPERSONATE.name not in own:
        return None
    # Their own rows, or those of their teams, are not the member's: only what reaches every row reaches these.
    return {name: scope for name, scope in grants.items() if own.get(name) is Scope.ALL}


def support(session_id: UUID) -> tuple[Actor, float] | None:
    """An operator who came as support, and when that ends; None for every other session."""
    warrant = WARRANT.first(session_id=session_id, now=clock.now())
    if warrant is None or warrant.role is None or warrant.operator_id is None:
        return None
    if not STRONG.intersection(warrant.methods):
        return None
    actor = Actor(
        kind="user",
        agency_id=warrant.agency_id,
        user_id=warrant.user_id,
        session_id=session_id,
        impersonator_id=warrant.impersonator_id,
        grants=builtin.grants(warrant.role, installed().permissions.values()),
    )
    return actor, warrant.expires_at.timestamp()


def _own(warrant: Warrant) -> Mapping[str, Scope]:
    if warrant.state != "active":
        return {}
    return builtin.combined(warrant.built_in_roles, warrant.own_grants, installed().permissions)
