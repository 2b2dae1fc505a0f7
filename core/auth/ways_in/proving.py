"""Proving anew who one is, which changes of credentials and rights ask for."""

from __future__ import annotations

from uuid import UUID

from core.actor import current_user_id
from core.auth.once import one_time, purposes
from core.auth.passwords import hashing
from core.auth.passwords.credentials import IDENTITY_BY_ID
from core.auth.schemas import Tokens
from core.auth.sessions import opening
from core.db.session import apart
from core.db.tenancy import current_agency_id
from core.errors import Fault, Invalid
from core.factors import api as factors
from core.factors.schemas import NewProof, PasskeyAssertion, PasskeyRequest


def prove(body: NewProof) -> Tokens:
    """Tokens of a session whose person proved themselves anew. Raises Invalid, TooManyRequests, NotYourself."""
    session_id, user_id = opening.yourself(), current_user_id()
    proof = factors.shown(body)
    by = factors.Prover(user_id, current_agency_id(), session_id)
    try:
        if proof.method == "password":
            method = _password(proof, by)
        else:
            method = factors.accept(proof, by=by, challenge=_challenge_of(proof, user_id, session_id))
    except factors.WrongProof as wrong:
        # Not 401: the session is as good as before, and clients would take it for ended.
        raise Invalid(errors=[Fault(f"/{proof.method}", "wrong_proof", "This is not right")]) from wrong
    return opening.prove(session_id, (method,))


def proof_options() -> PasskeyRequest:
    """What a page asks a device for, to prove anew who the signed-in person is."""
    session_id, user_id = opening.yourself(), current_user_id()
    with apart() as session:
        data = {"session_id": str(session_id)}
        challenge = one_time.hand_out(
            session, purposes.PASSKEY_PROOF, lifetime=purposes.PASSKEY_LASTS, user_id=user_id, data=data
        )
    return asked_of_device(challenge, user_id=user_id)


def _password(proof: factors.Shown, by: factors.Prover) -> str:
    """The name of a right password among a session's methods. Raises Invalid where it is not enough, WrongProof."""
    if any(place.has_factor for place in factors.places(by.user_id)):
        message = "You have a second factor: prove yourself by that"
        raise Invalid(errors=[Fault("/password", "second_factor_needed", message)])
    person = IDENTITY_BY_ID.first(user_id=by.user_id)
    with factors.counted(proof.method, by):
        if not hashing.matches(person.password_hash if person else None, str(proof.value)):
            raise factors.WrongProof
    return "pwd"


def _challenge_of(proof: factors.Shown, user_id: UUID, session_id: UUID) -> str:
    """The challenge of this session that a passkey answers, used up by that. Raises WrongProof for any other."""
    if not isinstance(proof.value, PasskeyAssertion):
        return ""
    challenge = factors.challenge_of(proof.value)
    with apart() as session:
        handed = one_time.take(session, purposes.PASSKEY_PROOF, challenge)
    if handed is None or handed.user_id != user_id or handed.data["session_id"] != str(session_id):
        raise factors.WrongProof
    return challenge


def asked_of_device(challenge: str, *, user_id: UUID | None) -> PasskeyRequest:
    return PasskeyRequest(
        factors.request_options(challenge, user_id=user_id), int(purposes.PASSKEY_LASTS.total_seconds())
    )
