"""What sign-in asks about second factors: what it takes to get in, whether a proof is right, and setting one up."""

from __future__ import annotations

from uuid import UUID

from core.factors.enrolment import add_passkey, begin_passkey, begin_totp, confirm_totp
from core.factors.errors import WrongProof
from core.factors.passkeys import request_options
from core.factors.proofs import Prover, Shown, accept, challenge_of, counted, holder_of, shown
from core.factors.repository import HELD, PLACES, Place

__all__ = [
    "Place",
    "Prover",
    "Shown",
    "WrongProof",
    "accept",
    "add_passkey",
    "begin_passkey",
    "begin_totp",
    "challenge_of",
    "confirm_totp",
    "counted",
    "has_any",
    "holder_of",
    "places",
    "request_options",
    "shown",
]


def has_any(user_id: UUID) -> bool:
    """Whether a person has a second factor, whichever agencies they are in."""
    held = HELD.first(user_id=user_id)
    return held is not None and bool(held.totp or held.passkeys)


def places(user_id: UUID) -> list[Place]:
    """The agencies a person may enter, the first one first, and what each asks of them."""
    return PLACES.rows(user_id=user_id)
