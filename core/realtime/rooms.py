"""The names of rooms; every name carries the agency, so that two agencies never share one."""

from __future__ import annotations

from uuid import UUID

from core.actor import Actor


def agency(agency_id: UUID) -> str:
    """Everybody of an agency."""
    return f"a:{agency_id}"


def user(agency_id: UUID, user_id: UUID) -> str:
    """Every socket of a person in an agency."""
    return f"a:{agency_id}:user:{user_id}"


def team(agency_id: UUID, team_id: UUID) -> str:
    """A team."""
    return f"a:{agency_id}:team:{team_id}"


def stream(agency_id: UUID, scope: str) -> str:
    """Whoever follows a stream of the agency."""
    return f"a:{agency_id}:stream:{scope}"


def entity(agency_id: UUID, kind: str, entity_id: UUID) -> str:
    """Whoever watches one thing: `lead`, `itinerary`. Joined on request, through the authoriser of its kind."""
    return f"a:{agency_id}:{kind}:{entity_id}"


def named(agency_id: UUID, name: str) -> str:
    """A room of a plugin's own naming, which a `socket_rooms` hook puts people in."""
    return f"a:{agency_id}:named:{name}"


def of(actor: Actor) -> list[str]:
    """The rooms a person is in from the start: the agency's, their own, and one per team."""
    if actor.agency_id is None or actor.user_id is None:
        return []
    teams = (team(actor.agency_id, team_id) for team_id in sorted(actor.team_ids))
    return [agency(actor.agency_id), user(actor.agency_id, actor.user_id), *teams]
