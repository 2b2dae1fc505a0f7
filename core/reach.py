"""How far somebody reaches where two permissions are asked for at once."""

from __future__ import annotations

from core.actor import current_actor
from core.roles import builtin


def narrower(one: str, other: str) -> str:
    """Of two permissions that the acting one needs, the one that reaches less far. Raises Forbidden without either."""
    actor = current_actor()
    first, second = actor.require(one), actor.require(other)
    return one if builtin.narrower(first, second) == first else other
