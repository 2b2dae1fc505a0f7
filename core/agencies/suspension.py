"""Agencies as the platform's operator sees them: listed, suspended, and let work again."""

from __future__ import annotations

from datetime import datetime

import msgspec
import structlog
from sqlalchemy import func, select

from core import clock
from core.agencies import repository
from core.agencies.errors import SuspendedAlready
from core.agencies.events import AgencyResumed, AgencySuspended
from core.agencies.models import Agency
from core.auth import api as auth
from core.db.read import SystemQuery
from core.events.log import publish
from core.revocations import api as revocations
from core.users.models import Membership

log = structlog.get_logger()


class AgencyLine(msgspec.Struct, frozen=True):
    """An agency as the operator lists it."""

    slug: str
    name: str
    created_at: datetime
    suspended_at: datetime | None
    members: int


_MEMBERS = select(func.count()).where(Membership.agency_id == Agency.id, Membership.state == "active")
ALL = SystemQuery(
    select(
        Agency.slug,
        Agency.name,
        Agency.created_at,
        Agency.suspended_at,
        _MEMBERS.correlate(Agency).scalar_subquery(),
    ).order_by(Agency.slug),
    AgencyLine,
)
"""Every agency, with how many people work there."""


def suspend() -> None:
    """Let nobody into the acting agency and do nothing for it; its data stays. Raises SuspendedAlready.

    Sessions end, and keys open nothing, within two seconds; what waits in the background rests.
    """
    agency = repository.current_agency()
    if agency.suspended_at is not None:
        raise SuspendedAlready("The agency is suspended already")
    agency.suspended_at = clock.now()
    publish(AgencySuspended(agency_id=agency.id), of=agency)
    auth.end_of_agency(agency.slug)
    # With the suspension itself: whoever asked before it counted asks once more.
    revocations.revoke("agency", agency.id)
    log.warning("agencies.suspended", agency_id=str(agency.id))


def resume() -> None:
    """Let the acting agency work again: people sign in anew, and what rested is done. Raises SuspendedAlready."""
    agency = repository.current_agency()
    if agency.suspended_at is None:
        raise SuspendedAlready("The agency is not suspended")
    agency.suspended_at = None
    # Whoever came in at the very moment of the suspension has a session that would live again.
    auth.end_of_agency(agency.slug)
    publish(AgencyResumed(agency_id=agency.id), of=agency)
    revocations.revoke("agency", agency.id)
    log.warning("agencies.resumed", agency_id=str(agency.id))
