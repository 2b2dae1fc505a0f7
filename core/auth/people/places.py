"""The agencies somebody is in: read as the system role, before any agency is known."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import bindparam, select

from core.agencies.models import Agency
from core.auth.schemas import AgencyRef
from core.db import read
from core.users.models import Membership

AGENCIES = read.SystemQuery(
    select(*read.columns(AgencyRef, Agency))
    .join(Membership, Membership.agency_id == Agency.id)
    .where(Membership.user_id == bindparam("user_id"), Membership.state == "active", Agency.suspended_at.is_(None))
    .order_by(Membership.created_at),
    AgencyRef,
)
"""The agencies a person is an active member of, the first one first; none that is suspended."""
_BELONGS = read.SystemQuery(
    select(Membership.agency_id)
    .where(Membership.user_id == bindparam("user_id"), Membership.state != "left")
    .order_by(Membership.created_at),
    lambda agency_id: agency_id,
)


def belongs_to(user_id: UUID) -> list[UUID]:
    """The agencies somebody has not left, the first one first: those whose logs and searches know of them.

    Also where the person is suspended, or the agency is; to let somebody in, ask for AGENCIES.
    """
    return _BELONGS.rows(user_id=user_id)
