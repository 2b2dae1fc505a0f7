"""Proofs by a second factor: each counts once; wrong ones are counted and told to the agency."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import get_args
from uuid import UUID

import msgspec
import structlog
from msgspec import UNSET
from sqlalchemy.orm import Session

from core.actor import Actor
from core.auth.guessing import throttle
from core.auth.guessing.throttle import Rule, Throttle
from core.auth.people.places import belongs_to
from core.db.session import apart
from core.errors import Fault, Invalid
from core.events.event import Event
from core.events.log import publish_apart
from core.factors import passkeys, recovery, repository, totp
from core.factors.errors import WrongProof
from core.factors.events import Method, PasskeyCountFell, RecoveryCodeUsed, SecondFactorFailed
from core.factors.schemas import NewProof, PasskeyAssertion, SecondFactor

log = structlog.get_logger()
# No doubling waits: whoever knows the password could lock its owner out with them.
THROTTLE = Throttle(
    "second_factor",
    Rule(5, timedelta(minutes=5), grows=False),
    Rule(20, timedelta(hours=1), grows=False),
    Rule(50, timedelta(days=1), grows=False),
)
"""Wrong proofs of one person, whatever challenge they come with; sessions and known devices count for themselves."""
_AMR = {"totp": "otp", "recovery_code": "recovery", "passkey": "pop", "password": "pwd"}
"""How a session names each method (RFC 8176, which has no word for recovery codes)."""


class Shown(msgspec.Struct, frozen=True):
    """One proof, as it was sent."""

    method: Method
    value: str | PasskeyAssertion


class Prover(msgspec.Struct, frozen=True):
    """Who proves themselves, and the agency that is told of it."""

    user_id: UUID
    agency_id: UUID
    session_id: UUID | None = None
    device_id: UUID | None = None
    """The device, where the person has signed in from it before."""
    confined: bool = False
    """Whether the agency's own identity provider says that it is they."""

    @property
    def counted_as(self) -> str:
        """What wrong proofs count under: nobody spends what the person needs to get in elsewhere."""
        if self.confined or self.session_id is not None:
            return f"{self.user_id}:{self.agency_id}"
        return f"{self.user_id}:{self.device_id}" if self.device_id is not None else str(self.user_id)


def shown(body: SecondFactor | NewProof) -> Shown:
    """The one proof a body holds. Raises Invalid."""
    known: list[Method] = [name for name in get_args(Method) if name in body.__struct_fields__]
    sent = [name for name in known if getattr(body, name) is not UNSET]
    if len(sent) != 1:
        raise Invalid(errors=[Fault("", "one_of", f"Send exactly one of {', '.join(known)}")])
    return Shown(sent[0], getattr(body, sent[0]))


def accept(proof: Shown, *, by: Prover, challenge: str) -> str:
    """The method's name among a session's, where the proof is right. Raises WrongProof, TooManyAttempts.

    `challenge` is what a passkey must have answered. The proof is used up even if the request then fails.
    """
    with counted(proof.method, by), apart() as session:
        left = _use(session, proof, by.user_id, challenge)
    if left is not None:
        _tell(RecoveryCodeUsed(user_id=by.user_id, left=left), by)
    return _AMR[proof.method]


@contextmanager
def counted(method: Method, by: Prover) -> Iterator[None]:
    """Count a proof that is looked at inside; a wrong one stays counted. Raises WrongProof, TooManyAttempts."""
    key = (THROTTLE, by.counted_as)
    try:
        # What others got wrong stays: whoever guesses may not wait for the owner to clear the count.
        with throttle.looked_at(beside=(key,)):
            yield
    except passkeys.CountFell as alarm:
        _report_copy(alarm, by)
        raise WrongProof from alarm
    except (passkeys.Refused, WrongProof) as refused:
        _tell(SecondFactorFailed(user_id=by.user_id, method=method), by)
        raise WrongProof from refused


def challenge_of(assertion: PasskeyAssertion) -> str:
    """The challenge a device answered. Raises WrongProof."""
    try:
        return passkeys.challenge_of(assertion)
    except passkeys.Refused as refused:
        raise WrongProof from refused


def holder_of(assertion: PasskeyAssertion, *, challenge: str) -> UUID:
    """The person whose passkey answered a challenge that names nobody. Raises WrongProof."""
    try:
        with apart() as session:
            return passkeys.use(session, assertion, challenge=challenge).user_id
    except passkeys.CountFell as alarm:
        _report_copy(alarm, None)
        raise WrongProof from alarm
    except passkeys.Refused as refused:
        raise WrongProof from refused


def _use(session: Session, proof: Shown, user_id: UUID, challenge: str) -> int | None:
    """Use a proof up; how many recovery codes are left after one. Raises Refused, CountFell."""
    if isinstance(proof.value, PasskeyAssertion):
        _use_passkey(session, proof.value, user_id, challenge)
        return None
    if proof.method == "totp" and totp.use(session, user_id, proof.value):
        return None
    if proof.method == "recovery_code" and recovery.use(session, user_id, proof.value):
        return repository.codes_left(session, user_id)
    raise passkeys.Refused("The code is wrong, or was used before")


def _use_passkey(session: Session, assertion: PasskeyAssertion, user_id: UUID, challenge: str) -> None:
    if passkeys.challenge_of(assertion) != challenge:
        raise passkeys.Refused("It answers another challenge")
    if passkeys.use(session, assertion, challenge=challenge).user_id != user_id:
        raise passkeys.Refused("It is somebody else's")


def _report_copy(alarm: passkeys.CountFell, by: Prover | None) -> None:
    """Tell the log and the agency (the person's first where they were not at any door) of a passkey with a copy."""
    key = alarm.passkey
    log.warning("factors.passkey_count_fell", passkey_id=str(key.id), known=key.sign_count, sent=alarm.sent)
    fact = PasskeyCountFell(user_id=key.user_id, passkey_id=key.id, known=key.sign_count, sent=alarm.sent)
    agencies = belongs_to(key.user_id) if by is None else [by.agency_id]
    for agency_id in agencies[:1]:
        _tell(fact, Prover(key.user_id, agency_id))


def _tell(fact: Event, by: Prover) -> None:
    """Record what stands even though the request may be refused."""
    actor = Actor(kind="public", agency_id=by.agency_id, user_id=by.user_id, session_id=by.session_id)
    publish_apart(fact, actor=actor, agency_id=by.agency_id)
