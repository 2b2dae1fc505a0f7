"""The names of rooms; every name carries the agency, so that two agencies never share one."""

from __future__ import annotations

from core.actor import Actor


def of(actor: Actor) -> list[str]:
    """The rooms a person is in from the start: the agency's, their own, and one per team."""
    agency = f"a:{actor.agency_id}"
    return [agency, f"{agency}:user:{actor.user_id}", *(f"{agency}:team:{team}" for team in sorted(actor.team_ids))]
