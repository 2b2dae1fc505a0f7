"""The second step of a sign-in: a second factor is shown, or set up where there must be one and is none."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
from flask import request
from sqlalchemy.orm import Session

from core import clock
from core.actor import CONFINING, Actor
from core.allow_lists import boundary
from core.auth.errors import InvalidChallenge
from core.auth.once import one_time
from core.auth.once.one_time import Handed
from core.auth.once.purposes import SECOND_STEP
from core.auth.schemas import Tokens
from core.auth.sessions import devices, locks, opening
from core.auth.ways_in.admission import TRIES
from core.db.session import apart
from core.db.tenancy import acting_as
from core.factors import api as factors
from core.factors.schemas import (
    FirstPasskey,
    FirstTotp,
    PasskeyCreation,
    SecondFactor,
    SignedInWithFactor,
    TotpEnrolment,
)


def finish(body: SecondFactor) -> Tokens:
    """Open the session of a sign-in whose second proof is right. Raises Invalid, InvalidChallenge, WrongProof."""
    proof = factors.shown(body)
    begun = _tried(body.challenge, enrol=False)
    method = factors.accept(proof, by=begun.prover, challenge=body.challenge)
    return _open(body.challenge, method)


def begin_totp(challenge: str) -> TotpEnrolment:
    """A seed for the authenticator app that a sign-in asked for. Raises InvalidChallenge."""
    begun = _begun(one_time.look(SECOND_STEP, challenge), enrol=True)
    return factors.begin_totp(begun.user_id, bound_to=begun.id)


def confirm_totp(body: FirstTotp) -> SignedInWithFactor:
    """Set up the authenticator app that a sign-in asked for, and open the session. Raises Invalid, InvalidChallenge."""
    begun = _tried(body.challenge, enrol=True)
    with acting_as(_newcomer(begun)):
        made = factors.confirm_totp(begun.user_id, body.enrolment, body.code, bound_to=begun.id)
    return SignedInWithFactor(_open(body.challenge, "otp"), made.recovery_codes)


def begin_passkey(challenge: str) -> PasskeyCreation:
    """What a page asks a device for the passkey with that a sign-in asked for. Raises InvalidChallenge."""
    begun = _begun(one_time.look(SECOND_STEP, challenge), enrol=True)
    return factors.begin_passkey(begun.user_id, bound_to=begun.id)


def add_passkey(body: FirstPasskey) -> SignedInWithFactor:
    """Add the passkey that a sign-in asked for, and open the session. Raises Invalid, InvalidChallenge."""
    begun = _tried(body.challenge, enrol=True)
    with acting_as(_newcomer(begun)):
        made = factors.add_passkey(begun.user_id, body.credential, name=body.name, bound_to=begun.id)
    return SignedInWithFactor(_open(body.challenge, "pop"), made.recovery_codes)


class Begun(msgspec.Struct, frozen=True):
    """A sign-in after its first proof."""

    id: UUID
    user_id: UUID
    agency_id: UUID
    confined: bool

    @property
    def prover(self) -> factors.Prover:
        """Whose proof it is, and from where."""
        device = devices.sent()
        known = device.id if device is not None and device.user_id == self.user_id else None
        return factors.Prover(self.user_id, self.agency_id, device_id=known, confined=self.confined)


def _tried(challenge: str, *, enrol: bool) -> Begun:
    """A sign-in that waits for its second step, one try of which this is. Raises InvalidChallenge."""
    with apart() as session:
        handed = one_time.attempt(session, SECOND_STEP, challenge, tries=TRIES)
    return _begun(handed, enrol=enrol)


def _begun(handed: Handed | None, *, enrol: bool) -> Begun:
    """A sign-in that waits for a factor to be shown, or to be set up. Raises InvalidChallenge, AddressNotAllowed."""
    if handed is None or handed.user_id is None or handed.agency_id is None or handed.data["enrol"] != enrol:
        raise InvalidChallenge
    begun = Begun(handed.id, handed.user_id, handed.agency_id, CONFINING in handed.data["methods"])
    if enrol and begun.confined:
        # Once more, whoever began it: nobody's provider sets up what is good everywhere.
        raise InvalidChallenge
    # The first step was inside, this one need not be.
    boundary.admit(_newcomer(begun), request.remote_addr)
    return begun


def _open(challenge: str, method: str) -> Tokens:
    handed = one_time.look(SECOND_STEP, challenge)
    if handed is None or handed.user_id is None:
        raise InvalidChallenge
    ends_at, parent = handed.data["ends_at"], handed.data["parent_id"]
    lifetime = datetime.fromisoformat(ends_at) - clock.now() if ends_at is not None else None
    parent_id = UUID(parent) if parent is not None else None

    def still(session: Session) -> None:
        # Gone where another proof was quicker, or the password was changed meanwhile.
        if one_time.take(session, SECOND_STEP, challenge) is None:
            raise InvalidChallenge
        if parent_id is not None:
            locks.live(session, parent_id)

    return opening.open_session(
        handed.user_id,
        agency=handed.data["agency"],
        methods=(*handed.data["methods"], method),
        lifetime=lifetime,
        parent_id=parent_id,
        still=still,
    )


def _newcomer(begun: Begun) -> Actor:
    return Actor(kind="user", agency_id=begun.agency_id, user_id=begun.user_id)
