"""When one proof is not enough: whom an agency asks for a second factor, and which sessions have one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, or_, select

from core.actor import current_actor
from core.agencies.models import Agency
from core.auth.errors import OwnFactorFirst
from core.roles.models import MembershipRole, Role

STRONG = frozenset({"otp", "recovery", "pop", "mfa"})
"""Methods that make a session one with a second factor: a code, a recovery code, a passkey, an identity provider's
word that it saw two."""


def required_in(agency_id: Any, user_id: Any) -> ColumnElement[bool]:
    """A column: whether an agency asks a member for a second factor, everybody or the holders of one of their roles."""
    everybody = select(Agency.id).where(Agency.id == agency_id, Agency.second_factor_required)
    held = (
        select(MembershipRole.id)
        .join(Role, Role.id == MembershipRole.role_id)
        .where(MembershipRole.agency_id == agency_id, MembershipRole.user_id == user_id, Role.second_factor_required)
    )
    return or_(everybody.correlate_except(Agency).exists(), held.correlate_except(MembershipRole, Role).exists())


def require_own_factor() -> None:
    """Raise OwnFactorFirst where whoever acts would be locked out by asking their like for a second factor."""
    actor = current_actor()
    if actor.kind == "user" and not STRONG & actor.methods:
        raise OwnFactorFirst
