"""From a first proof to a session: whether a second factor is still to be shown, or to be set up first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import request

from core import clock
from core.actor import CONFINING, Actor
from core.allow_lists import boundary
from core.auth.errors import NoMembership, SetUpElsewhere
from core.auth.once import one_time
from core.auth.once.purposes import SECOND_STEP, SECOND_STEP_LASTS
from core.auth.schemas import Challenge, Tokens
from core.auth.sessions import locks, opening
from core.auth.sessions.opening import Still
from core.auth.sessions.requirements import STRONG
from core.db.session import apart
from core.factors import api as factors

TRIES = 5
"""Proofs one challenge takes; the throttle counts those of a person over all challenges."""


def admit(
    user_id: UUID,
    *,
    agency: str | None,
    methods: Sequence[str],
    proven_at: datetime | None = None,
    lifetime: timedelta | None = None,
    parent_id: UUID | None = None,
    still: Still = opening.nothing_else,
) -> Tokens | Challenge:
    """Tokens for a person who proved who they are by these methods, or what they must still prove.

    `proven_at` says when they did, where it was not here and now; `parent_id` from which session they go on; `still` is
    asked as sessions.open_session asks it. Raises NoMembership, SetUpElsewhere, and AddressNotAllowed where they may
    not work from where they are.
    """
    places = factors.places(user_id)
    place = next((each for each in places if agency in (None, each.slug)), None)
    if place is None:
        raise NoMembership
    # Before the second step: from outside nobody sets up a factor.
    boundary.admit(Actor(kind="user", agency_id=place.agency_id, user_id=user_id), request.remote_addr)
    enrol = not place.has_factor
    if STRONG.intersection(methods) or (enrol and not place.wants_factor):
        return opening.open_session(
            user_id,
            agency=place.slug,
            methods=methods,
            proven_at=proven_at,
            lifetime=lifetime,
            parent_id=parent_id,
            still=still,
        )
    if enrol and (CONFINING in methods or proven_at is not None):
        # A factor is good everywhere and for ever: only who proves themselves here and now sets one up, neither an
        # agency's identity provider in their name nor whoever got hold of a session.
        raise SetUpElsewhere
    ends_at = clock.now() + lifetime if lifetime is not None else None
    begun: dict[str, Any] = {"agency": place.slug, "methods": list(methods), "enrol": enrol}
    begun["ends_at"] = ends_at.isoformat() if ends_at is not None else None
    begun["parent_id"] = str(parent_id) if parent_id is not None else None
    return _challenge(user_id, place, begun, still=still)


def _challenge(user_id: UUID, place: factors.Place, data: dict[str, Any], *, still: Still) -> Challenge:
    enrol: bool = data["enrol"]
    with apart() as session:
        locks.hold(session, user_id)
        still(session)
        whose = {"user_id": user_id, "agency_id": place.agency_id}
        token = one_time.hand_out(session, SECOND_STEP, lifetime=SECOND_STEP_LASTS, data=data, **whose)
    return Challenge(
        challenge=token,
        methods=["totp", "passkey"] if enrol else place.methods,
        enrol=enrol,
        expires_in=int(SECOND_STEP_LASTS.total_seconds()),
        # What a device signs is the challenge itself.
        passkey=factors.request_options(token, user_id=user_id) if place.has_passkey else None,
    )
