"""Passkeys (WebAuthn level 3): what a device is asked, and whether what it answers is right."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from uuid import UUID

import msgspec
import structlog
import webauthn
from sqlalchemy import update
from sqlalchemy.orm import Session
from webauthn.helpers import options_to_json_dict, parse_attestation_object
from webauthn.helpers.structs import (
    AttestationFormat,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from core import clock
from core.factors import repository
from core.factors.models import Passkey
from core.factors.relying_party import relying_party
from core.factors.repository import KEYS, Key, Person
from core.factors.schemas import PasskeyAssertion, PasskeyAttestation

log = structlog.get_logger()
NAME = "Tripfile"
MOST = 20
"""Passkeys a person may have."""
_MILLISECONDS = 300_000
_TRANSPORTS = {each.value for each in AuthenticatorTransport}


class CountFell(Exception):
    """A passkey counted backwards, though its signature is right: there may be a copy of it."""

    def __init__(self, passkey: Passkey, sent: int) -> None:
        super().__init__(f"The passkey {passkey.id} counted {sent} after {passkey.sign_count}")
        self.passkey = passkey
        self.sent = sent


class Refused(Exception):
    """A device's answer that proves nothing."""


class _ClientData(msgspec.Struct):
    challenge: str
    crossOrigin: bool = False  # noqa: N815 - WebAuthn's own name


def request_options(challenge: str, *, user_id: UUID | None) -> dict[str, Any]:
    """What a page asks a device for a proof with; any passkey of this installation where nobody is named."""
    keys = KEYS.rows(user_id=user_id) if user_id is not None else []
    options = webauthn.generate_authentication_options(
        rp_id=relying_party().id,
        challenge=challenge.encode(),
        timeout=_MILLISECONDS,
        allow_credentials=[_descriptor(key) for key in keys],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json_dict(options)


def creation_options(challenge: str, *, user_id: UUID, person: Person) -> dict[str, Any]:
    """What a page asks a device for a new key with; the device refuses where it holds one already."""
    options = webauthn.generate_registration_options(
        rp_id=relying_party().id,
        rp_name=NAME,
        user_id=user_id.bytes,
        user_name=person.email,
        user_display_name=person.name,
        challenge=challenge.encode(),
        timeout=_MILLISECONDS,
        exclude_credentials=[_descriptor(key) for key in KEYS.rows(user_id=user_id)],
        # The device keeps who it is for, so that it can sign in without an e-mail address being typed.
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
    )
    return options_to_json_dict(options)


def challenge_of(credential: PasskeyAssertion | PasskeyAttestation) -> str:
    """The challenge a device answered, which is a one-time token of ours. Raises Refused."""
    try:
        data = msgspec.json.decode(_bytes(credential.response.client_data), type=_ClientData)
        challenge = _bytes(data.challenge).decode()
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused("Its client data cannot be read") from error
    if data.crossOrigin:
        raise Refused("It was asked for inside a page of somebody else")
    return challenge


def registered(attestation: PasskeyAttestation, *, challenge: str, user_id: UUID, name: str) -> Passkey:
    """The passkey that a device made for a challenge. Raises Refused."""
    party = relying_party()
    sent = {
        "id": attestation.id,
        "rawId": attestation.raw_id,
        "type": attestation.type,
        "response": {
            "clientDataJSON": attestation.response.client_data,
            "attestationObject": attestation.response.attestation,
        },
    }
    try:
        # We ask for none; whoever sends one all the same would have its certificates parsed.
        if parse_attestation_object(_bytes(attestation.response.attestation)).fmt != AttestationFormat.NONE:
            raise Refused("An attestation was not asked for")
        made = webauthn.verify_registration_response(
            credential=sent,
            expected_challenge=challenge.encode(),
            expected_rp_id=party.id,
            expected_origin=party.origins,
            require_user_verification=True,
        )
    except Refused:
        raise
    except Exception as error:
        # Its parsers let through whatever a hostile binary makes them raise.
        raise _refused(error) from error
    return Passkey(
        user_id=user_id,
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        name=name,
        transports=[each for each in attestation.response.transports if each in _TRANSPORTS],
        backed_up=made.credential_backed_up,
    )


def use(session: Session, assertion: PasskeyAssertion, *, challenge: str) -> Passkey:
    """The passkey that answered a challenge, its count noted. Raises Refused, CountFell."""
    known = repository.passkey(session, _bytes(assertion.raw_id))
    if known is None:
        raise Refused("Nobody has this passkey")
    handle = assertion.response.user_handle
    if handle is not None and _bytes(handle) != known.user_id.bytes:
        raise Refused("The device says that it is somebody else's")
    sent = _verified_count(assertion, challenge=challenge, public_key=known.public_key)
    # Devices that do not count say 0 for ever.
    higher = Passkey.sign_count < sent if sent else Passkey.sign_count == 0
    # In one statement: of two answers with the same count, one changes the row.
    noted = update(Passkey).where(Passkey.id == known.id, higher).values(sign_count=sent, last_used_at=clock.now())
    if session.execute(noted.returning(Passkey.id)).one_or_none() is None:
        raise CountFell(known, sent)
    return known


def _verified_count(assertion: PasskeyAssertion, *, challenge: str, public_key: bytes) -> int:
    """How often the device says it was used, where everything it says is right. Raises Refused."""
    party, response = relying_party(), assertion.response
    sent = {
        "id": assertion.id,
        "rawId": assertion.raw_id,
        "type": assertion.type,
        "response": {
            "clientDataJSON": response.client_data,
            "authenticatorData": response.authenticator_data,
            "signature": response.signature,
        },
    }
    try:
        found = webauthn.verify_authentication_response(
            credential=sent,
            expected_challenge=challenge.encode(),
            expected_rp_id=party.id,
            expected_origin=party.origins,
            credential_public_key=public_key,
            # Compared by us, after the signature: only who holds the key may raise an alarm.
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except Exception as error:
        # Its parsers let through whatever a hostile binary makes them raise.
        raise _refused(error) from error
    return found.new_sign_count


def _refused(error: Exception) -> Refused:
    log.info("factors.passkey_refused", cause=type(error).__name__, reason=str(error)[:200])
    return Refused("It does not fit what was asked")


def _descriptor(key: Key) -> PublicKeyCredentialDescriptor:
    transports = [AuthenticatorTransport(each) for each in key.transports]
    return PublicKeyCredentialDescriptor(id=key.credential_id, transports=transports)


def _bytes(text: str) -> bytes:
    """Bytes written in base64url without padding. Raises Refused."""
    try:
        return base64.b64decode(text.encode() + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise Refused("Something in it is not base64url") from error
