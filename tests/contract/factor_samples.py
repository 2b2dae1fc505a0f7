"""How to call the routes of second factors: most want what only a device or an app could answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import select

from core import ids
from core.db.session import apart
from core.factors.models import Passkey, Totp
from core.testing.clients import ApiClient
from tests.contract.sample import Sample

_NOBODYS = {"challenge": "nobody's"}
_ANSWER = {"id": "AAEC", "rawId": "AAEC", "type": "public-key"}
_ASSERTION = {**_ANSWER, "response": {"clientDataJSON": "e30", "authenticatorData": "AAEC", "signature": "AAEC"}}
_ATTESTATION = {**_ANSWER, "response": {"clientDataJSON": "e30", "attestationObject": "AAEC"}}


def _totp(api: ApiClient, address: str) -> None:
    """See to it that the caller has an authenticator app."""
    with api.app.app_context(), apart() as session:
        if session.scalar(select(Totp.id).where(Totp.user_id == api.user_id)) is None:
            session.add(Totp(user_id=api.user_id, seed="sealed", last_step=0))


def _passkey(api: ApiClient) -> str:
    """Give the caller a passkey."""
    made = ids.new()
    with api.app.app_context(), apart() as session:
        session.add(
            Passkey(
                id=made, user_id=api.user_id, credential_id=made.bytes, public_key=b"", sign_count=0, name="Phone",
                transports=[], backed_up=False,
            )
        )  # fmt: skip
    return str(made)


SAMPLES: Mapping[str, Sample] = {
    "factors.confirm_totp": Sample(status=422),
    "factors.remove_totp": Sample(before=_totp),
    "factors.add_passkey": Sample(body=lambda api, number: {"name": "Phone", "credential": _ATTESTATION}, status=422),
    "factors.rename_passkey": Sample(body=lambda api, number: {"name": f"Phone {number}"}),
    "factors.make_recovery_codes": Sample(before=_totp),
    "factors.change_rule": Sample(body=lambda api, number: {"required": False}),
    "auth_proofs.second_factor": Sample(body=lambda api, number: {**_NOBODYS, "totp": "123456"}, status=401),
    "auth_proofs.begin_totp": Sample(body=lambda api, number: _NOBODYS, status=401),
    "auth_proofs.confirm_totp": Sample(
        body=lambda api, number: {**_NOBODYS, "enrolment": "nobody's", "code": "123456"}, status=401
    ),
    "auth_proofs.passkey_creation": Sample(body=lambda api, number: _NOBODYS, status=401),
    "auth_proofs.add_passkey": Sample(
        body=lambda api, number: {**_NOBODYS, "name": "Phone", "credential": _ATTESTATION}, status=401
    ),
    "auth_proofs.passkey_sign_in": Sample(body=lambda api, number: {"passkey": _ASSERTION}, status=401),
    # The people of tests have no password.
    "auth_proofs.prove": Sample(body=lambda api, number: {"password": "nobody's"}, status=422),
}
ROWS: Mapping[str, Callable[[ApiClient], str]] = {"/factors/passkeys/<uuid:passkey_id>": _passkey}
