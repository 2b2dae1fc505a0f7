"""Setting up second factors: an authenticator app, confirmed by a first code, and passkeys."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import ids
from core.actor import current_actor
from core.auth.once import one_time
from core.auth.sessions.locks import locked as locked_session
from core.db.session import apart
from core.db.tenancy import current_agency_id
from core.errors import Fault, Invalid, NotFound
from core.events.event import Event
from core.events.log import publish_within
from core.factors import passkeys, recovery, repository, totp
from core.factors.errors import AlreadySetUp, FactorExists, KnownPasskey, TooManyPasskeys
from core.factors.events import FactorAdded, RecoveryCodesMade
from core.factors.models import Passkey, Totp
from core.factors.repository import PASSKEY, PERSON, TOTP, Person
from core.factors.schemas import Enrolled, PasskeyAttestation, PasskeyCreation, TotpEnrolment
from core.revocations import api as revocations

HOLDS = timedelta(minutes=5)
"""How long a challenge to a device, or an app that shows no code yet, is good."""
_TOTP = "factors.totp"
_PASSKEY = "factors.passkey"


def begin_totp(user_id: UUID, *, bound_to: UUID) -> TotpEnrolment:
    """A seed for an authenticator app, for the session or the sign-in it is `bound_to`. Raises AlreadySetUp."""
    if TOTP.first(user_id=user_id) is not None:
        raise AlreadySetUp
    seed, totp_id = totp.new_seed(), ids.new()
    data = {"seed": totp.sealed_seed(seed, totp_id=totp_id), "totp_id": str(totp_id), "bound_to": str(bound_to)}
    uri = totp.uri(seed, email=_person(user_id).email)
    return TotpEnrolment(
        enrolment=_hand_out(_TOTP, user_id, data),
        secret=seed,
        uri=uri,
        qr_svg=totp.picture(uri),
        expires_in=int(HOLDS.total_seconds()),
    )


def confirm_totp(
    user_id: UUID, enrolment: str, code: str, *, bound_to: UUID, session_id: UUID | None = None
) -> Enrolled:
    """Have an authenticator app count that shows the right code. Raises Invalid, AlreadySetUp."""
    handed = _handed(one_time.look(_TOTP, enrolment), user_id, bound_to)
    if handed is None:
        raise Invalid(errors=[Fault("/enrolment", "expired", "It is unknown or too old; begin again")])
    totp_id, sealed = UUID(handed.data["totp_id"]), handed.data["seed"]
    step = totp.step_of(totp.opened_seed(sealed, totp_id=totp_id), code)
    if step is None:
        raise Invalid(errors=[Fault("/code", "wrong_code", "This is not what the app should show now")])
    with apart() as session:
        repository.hold(session, user_id)
        if one_time.take(session, _TOTP, enrolment) is None or repository.has_totp(session, user_id):
            raise AlreadySetUp
        _only_first(session, user_id, session_id)
        # The first code is used up, as every other will be.
        session.add(Totp(id=totp_id, user_id=user_id, seed=sealed, last_step=step))
        repository.tell_agencies(session, user_id)
        codes = _first_codes(session, user_id)
        _note(session, session_id, "otp")
        _tell(session, FactorAdded(user_id=user_id, kind="totp"))
        _tell_of_codes(session, user_id, codes)
    return Enrolled(codes, None)


def begin_passkey(user_id: UUID, *, bound_to: UUID) -> PasskeyCreation:
    """What a page asks a device for a new key with, for the session or the sign-in it is `bound_to`."""
    challenge = _hand_out(_PASSKEY, user_id, {"bound_to": str(bound_to)})
    options = passkeys.creation_options(challenge, user_id=user_id, person=_person(user_id))
    return PasskeyCreation(options, int(HOLDS.total_seconds()))


def add_passkey(
    user_id: UUID, attestation: PasskeyAttestation, *, name: str, bound_to: UUID, session_id: UUID | None = None
) -> Enrolled:
    """Have a device's new key count. Raises Invalid, KnownPasskey, TooManyPasskeys."""
    try:
        made = _attested(user_id, attestation, name=name, bound_to=bound_to)
    except passkeys.Refused as refused:
        raise Invalid(errors=[Fault("/credential", "refused", f"{refused}; begin again")]) from refused
    try:
        with apart() as session:
            repository.hold(session, user_id)
            if repository.passkeys_held(session, user_id) >= passkeys.MOST:
                raise TooManyPasskeys
            _only_first(session, user_id, session_id)
            session.add(made)
            repository.tell_agencies(session, user_id)
            codes = _first_codes(session, user_id)
            _note(session, session_id, "pop")
            session.flush()
            _tell(session, FactorAdded(user_id=user_id, kind="passkey"))
            _tell_of_codes(session, user_id, codes)
    except IntegrityError as error:
        raise KnownPasskey from error
    return Enrolled(codes, PASSKEY.first(user_id=user_id, passkey_id=made.id))


def new_codes(user_id: UUID) -> list[str]:
    """Recovery codes in place of those before. Raises NoFactorYet."""
    with apart() as session:
        repository.hold(session, user_id)
        repository.require_factor(session, user_id)
        codes = recovery.make(session, user_id)
        _tell_of_codes(session, user_id, codes)
    return codes


def _attested(user_id: UUID, attestation: PasskeyAttestation, *, name: str, bound_to: UUID) -> Passkey:
    challenge = passkeys.challenge_of(attestation)
    with apart() as session:
        # Used up whatever comes of it: an answer is looked at once.
        handed = _handed(one_time.take(session, _PASSKEY, challenge), user_id, bound_to)
    if handed is None:
        raise passkeys.Refused("The challenge is unknown, too old or used")
    return passkeys.registered(attestation, challenge=challenge, user_id=user_id, name=name)


def _hand_out(purpose: str, user_id: UUID, data: dict[str, Any]) -> str:
    with apart() as session:
        # One at a time: whoever begins again has given up what they began before.
        one_time.withdraw(session, purpose, user_id=user_id)
        return one_time.hand_out(session, purpose, lifetime=HOLDS, user_id=user_id, data=data)


def _handed(handed: one_time.Handed | None, user_id: UUID, bound_to: UUID) -> one_time.Handed | None:
    """What was handed out, to this person in this session or sign-in; None for everybody else."""
    if handed is None or handed.user_id != user_id or handed.data["bound_to"] != str(bound_to):
        return None
    return handed


def _only_first(session: Session, user_id: UUID, session_id: UUID | None) -> None:
    """Raise FactorExists where half a sign-in would add a factor beside another: whoever has one shows that."""
    if session_id is None and repository.factors_left(session, user_id):
        raise FactorExists


def _first_codes(session: Session, user_id: UUID) -> list[str]:
    """Recovery codes for whoever has none."""
    return [] if repository.codes_left(session, user_id) else recovery.make(session, user_id)


def _note(session: Session, session_id: UUID | None, method: str) -> None:
    """Count the session, whose person just showed the new factor, among those with one; it proves nothing else."""
    row = locked_session(session, session_id) if session_id is not None else None
    if row is not None:
        row.methods = [*dict.fromkeys((*row.methods, method))]
        # Whoever remembers the session asks anew; it goes on.
        revocations.revoke("member", row.user_id, agency_id=row.agency_id, session=session)


def _tell_of_codes(session: Session, user_id: UUID, codes: list[str]) -> None:
    if codes:
        _tell(session, RecoveryCodesMade(user_id=user_id))


def _tell(session: Session, event: Event) -> None:
    # The factor stays, whatever becomes of the sign-in it was set up for: so does what is known of it, or neither.
    publish_within(session, event, actor=current_actor(), agency_id=current_agency_id())


def _person(user_id: UUID) -> Person:
    found = PERSON.first(user_id=user_id)
    if found is None:
        raise NotFound
    return found
