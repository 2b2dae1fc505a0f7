"""Signing in with a passkey."""

from __future__ import annotations

from core.auth.once import one_time, purposes
from core.auth.schemas import Challenge, Tokens
from core.auth.ways_in import admission
from core.auth.ways_in.proving import asked_of_device
from core.db.session import apart
from core.factors import api as factors
from core.factors.schemas import PasskeyRequest, PasskeySignIn


def options() -> PasskeyRequest:
    """What a page asks a device for, to sign in whomever it knows."""
    with apart() as session:
        challenge = one_time.hand_out(session, purposes.PASSKEY_SIGN_IN, lifetime=purposes.PASSKEY_LASTS)
    return asked_of_device(challenge, user_id=None)


def sign_in(body: PasskeySignIn) -> Tokens | Challenge:
    """A session for who holds a passkey: the device saw them, so it counts as two factors. Raises WrongProof."""
    challenge = factors.challenge_of(body.passkey)
    with apart() as session:
        # Used up whatever comes of it: an answer is looked at once.
        handed = one_time.take(session, purposes.PASSKEY_SIGN_IN, challenge)
    if handed is None:
        raise factors.WrongProof
    user_id = factors.holder_of(body.passkey, challenge=challenge)
    return admission.admit(user_id, agency=body.agency or None, methods=("pop",))
