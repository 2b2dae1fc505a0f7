"""The second step of a sign-in, passkeys as a way in, and proving anew, over HTTP."""

from __future__ import annotations

from core.auth.schemas import Challenge, Tokens
from core.auth.ways_in import passkey, proving, second_step
from core.config import Settings
from core.factors.schemas import (
    ChallengeDraft,
    FirstPasskey,
    FirstTotp,
    NewProof,
    PasskeyCreation,
    PasskeyRequest,
    PasskeySignIn,
    SecondFactor,
    SignedInWithFactor,
    TotpEnrolment,
)
from core.http.blueprint import Blueprint


def _sign_ins(settings: Settings) -> str:
    return settings.rate_limit_login


blueprint = Blueprint(
    "auth_proofs", description="The second step of a sign-in, passkeys, and proving anew who you are."
)


@blueprint.post("/second-factor", public=True, limit=_sign_ins, credentials=True, problems=(401,))
@blueprint.arguments(SecondFactor)
@blueprint.response(200, Tokens)
def second_factor(body: SecondFactor) -> Tokens:
    """Show the second factor a sign-in asked for. A challenge takes five tries and lasts five minutes."""
    return second_step.finish(body)


@blueprint.post("/enrolment/totp", public=True, limit=_sign_ins, credentials=True, problems=(401,))
@blueprint.arguments(ChallengeDraft)
@blueprint.response(201, TotpEnrolment)
def begin_totp(body: ChallengeDraft) -> TotpEnrolment:
    """Begin to set up the authenticator app that a sign-in asked for."""
    return second_step.begin_totp(body.challenge)


@blueprint.post("/enrolment/totp/confirm", public=True, limit=_sign_ins, credentials=True, problems=(401, 409))
@blueprint.arguments(FirstTotp)
@blueprint.response(201, SignedInWithFactor)
def confirm_totp(body: FirstTotp) -> SignedInWithFactor:
    """Confirm the authenticator app that a sign-in asked for, and be signed in."""
    return second_step.confirm_totp(body)


@blueprint.post("/enrolment/passkey/options", public=True, limit=_sign_ins, credentials=True, problems=(401,))
@blueprint.arguments(ChallengeDraft)
@blueprint.response(200, PasskeyCreation)
def passkey_creation(body: ChallengeDraft) -> PasskeyCreation:
    """What the browser asks a device for the passkey with that a sign-in asked for."""
    return second_step.begin_passkey(body.challenge)


@blueprint.post("/enrolment/passkey", public=True, limit=_sign_ins, credentials=True, problems=(401, 409))
@blueprint.arguments(FirstPasskey)
@blueprint.response(201, SignedInWithFactor)
def add_passkey(body: FirstPasskey) -> SignedInWithFactor:
    """Add the passkey that a sign-in asked for, and be signed in."""
    return second_step.add_passkey(body)


@blueprint.post("/passkey/options", public=True, limit=_sign_ins, credentials=True)
@blueprint.response(200, PasskeyRequest)
def passkey_options() -> PasskeyRequest:
    """What the browser asks a device for, to sign in without e-mail address and password."""
    return passkey.options()


@blueprint.post("/passkey", public=True, limit=_sign_ins, credentials=True, problems=(401, 403))
@blueprint.arguments(PasskeySignIn)
@blueprint.response(200, Tokens)
@blueprint.or_response(202, Challenge)
def passkey_sign_in(body: PasskeySignIn) -> Tokens | Challenge:
    """Sign in with a passkey."""
    return passkey.sign_in(body)


@blueprint.post("/prove/options", signed_in=True, credentials=True)
@blueprint.response(200, PasskeyRequest)
def proof_options() -> PasskeyRequest:
    """What the browser asks a device for, to prove anew who you are."""
    return proving.proof_options()


@blueprint.post("/prove", signed_in=True, limit=_sign_ins, credentials=True)
@blueprint.arguments(NewProof)
@blueprint.response(200, Tokens)
def prove(body: NewProof) -> Tokens:
    """Prove anew who you are; go on with the tokens answered. Whoever has a second factor proves it by that."""
    return proving.prove(body)
