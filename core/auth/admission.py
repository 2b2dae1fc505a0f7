"""From a first proof to a session: whether a second factor is still to be shown, or to be set up first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import request

from core import clock
from core.actor import Actor
from core.allow_lists import boundary
from core.auth import one_time, sessions
from core.auth.errors import NoMembership, SetUpElsewhere
from core.auth.requirements import SECOND_STEP, STRONG
from core.auth.schemas import Challenge, Tokens
from core.db.session import apart
from core.factors import api as factors

LIFETIME = timedelta(minutes=5)
TRIES = 5
"""Proofs one challenge takes; the throttle counts those of a person over all challenges."""


def admit(
    user_id: UUID,
    *,
    agency: str | None,
    methods: Sequence[str],
    proven_at: datetime | None = None,
    lifetime: timedelta | None = None,
) -> Tokens | Challenge:
    """Tokens for a person who proved who they are by these methods, or what they must still prove.

    Raises NoMembership, SetUpElsewhere, and AddressNotAllowed where they may not work from where they are.
    """
    places = factors.places(user_id)
    place = next((each for each in places if agency in (None, each.slug)), None)
    if place is None:
        raise NoMembership
    # Before the second step: from outside nobody sets up a factor.
    boundary.admit(Actor(kind="user", agency_id=place.agency_id, user_id=user_id), request.remote_addr)
    enrol = not place.has_factor
    if STRONG.intersection(methods) or (enrol and not place.wants_factor):
        return sessions.open_session(
            user_id, agency=place.slug, methods=methods, proven_at=proven_at, lifetime=lifetime
        )
    if enrol and "oidc" in methods and len(places) > 1:
        # A factor is good everywhere: who runs one agency's identity provider must not choose that of a person others
        # rely on.
        raise SetUpElsewhere
    ends_at = clock.now() + lifetime if lifetime is not None else None
    return _challenge(user_id, place, methods, enrol=enrol, ends_at=ends_at)


def _challenge(
    user_id: UUID, place: factors.Place, methods: Sequence[str], *, enrol: bool, ends_at: datetime | None
) -> Challenge:
    with apart() as session:
        data: dict[str, Any] = {"agency": place.slug, "methods": list(methods), "enrol": enrol}
        data["ends_at"] = ends_at.isoformat() if ends_at is not None else None
        whose = {"user_id": user_id, "agency_id": place.agency_id}
        token = one_time.hand_out(session, SECOND_STEP, lifetime=LIFETIME, data=data, **whose)
    return Challenge(
        challenge=token,
        methods=["totp", "passkey"] if enrol else place.methods,
        enrol=enrol,
        expires_in=int(LIFETIME.total_seconds()),
        # What a device signs is the challenge itself.
        passkey=factors.request_options(token, user_id=user_id) if place.has_passkey else None,
    )
