"""Who acts as whom, for whoever looks at the screen."""

from __future__ import annotations

from uuid import UUID

from core.actor import Actor
from core.auth.errors import NoMembership
from core.auth.schemas import ImpersonationView, Me
from core.impersonation.repository import AGENCY, BANNER, PROFILE


def of_session(session_id: UUID | None) -> ImpersonationView | None:
    """The impersonation a session is of."""
    return BANNER.first(session_id=session_id) if session_id is not None else None


def name_of(user_id: UUID) -> str:
    """The name of somebody, whether or not they are a member of the acting agency."""
    profile = PROFILE.first(user_id=user_id)
    return profile.name if profile is not None else ""


def me(actor: Actor) -> Me:
    """Who somebody is who acts as another, or as support; and that they do."""
    profile = PROFILE.first(user_id=actor.user_id)
    agency = AGENCY.first(agency_id=actor.agency_id)
    shown = of_session(actor.session_id)
    if profile is None or agency is None or shown is None:
        raise NoMembership
    return Me(profile, agency, dict(actor.grants), impersonation=shown)
