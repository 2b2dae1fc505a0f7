"""Who is signed in."""

from __future__ import annotations

from core.actor import current_actor, current_user_id
from core.auth.errors import NoMembership
from core.auth.people import persons
from core.auth.people.places import AGENCIES
from core.auth.schemas import Me


def me() -> Me:
    """The signed-in person and what they may do."""
    actor = current_actor()
    if actor.impersonator_id is not None:
        # Late: impersonation stands on sign-in.
        from core.impersonation import banner

        return banner.me(actor)
    profile = persons.profile(current_user_id())
    agencies = AGENCIES.rows(user_id=current_user_id())
    agency = next((each for each in agencies if each.id == actor.agency_id), None)
    if profile is None or agency is None:
        raise NoMembership
    return Me(profile, agency, dict(actor.grants))
