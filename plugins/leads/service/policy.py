"""What an agency set about incoming leads, remembered for a moment: agencies that set nothing pay nothing."""

from __future__ import annotations

import time
from uuid import UUID

import msgspec

from core.sdk import current_agency_id

from ..repository import first_response, rules
from ..schemas.first_response import FirstResponseTargets

TTL = 1.0
"""Seconds a process goes on with what it last read; a change holds everywhere within it."""
_BOUND = 10_000


class Policy(msgspec.Struct, frozen=True):
    """What holds for a new lead."""

    targets: FirstResponseTargets
    rules: tuple[rules.Rule, ...]


_known: dict[UUID, tuple[float, Policy]] = {}


def current() -> Policy:
    """What the acting agency set, at most TTL seconds old."""
    agency_id, now = current_agency_id(), time.monotonic()
    until, policy = _known.get(agency_id, (0.0, None))
    if policy is None or now >= until:
        policy = Policy(first_response.targets(), rules.active())
        if len(_known) >= _BOUND:
            _known.clear()
        _known[agency_id] = (now + TTL, policy)
    return policy


def forget() -> None:
    """Read what the acting agency set again, at the next lead."""
    _known.pop(current_agency_id(), None)
