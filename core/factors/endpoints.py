"""One's own second factors over HTTP, and an agency's rule about them."""

from __future__ import annotations

from uuid import UUID

from core.actor import current_actor, current_user_id
from core.agencies import permissions as agencies
from core.factors import enrolment, removal, service
from core.factors.schemas import (
    Enrolled,
    FactorRule,
    FactorRulePatch,
    FactorsView,
    PasskeyCreation,
    PasskeyDraft,
    PasskeyPatch,
    PasskeyView,
    RecoveryCodes,
    TotpConfirmation,
    TotpEnrolment,
)
from core.http.blueprint import Blueprint
from core.users import permissions as users

blueprint = Blueprint("factors", description="Your second factors: authenticator app, passkeys, recovery codes.")


@blueprint.get("/", signed_in=True, everywhere=True)
@blueprint.response(200, FactorsView)
def show() -> FactorsView:
    """Show your factors, and how you proved who you are in this session."""
    return service.mine()


@blueprint.post("/totp", signed_in=True, step_up=True, credentials=True, problems=(409,))
@blueprint.response(201, TotpEnrolment)
def begin_totp() -> TotpEnrolment:
    """Begin to set up an authenticator app. It counts once a first code is confirmed, within five minutes."""
    return enrolment.begin_totp(current_user_id(), bound_to=_session())


@blueprint.post("/totp/confirm", signed_in=True, step_up=True, credentials=True, problems=(409,))
@blueprint.arguments(TotpConfirmation)
@blueprint.response(201, Enrolled)
def confirm_totp(confirmation: TotpConfirmation) -> Enrolled:
    """Confirm the first code of the authenticator app. The first factor brings recovery codes, shown this once."""
    place = {"bound_to": _session(), "session_id": _session()}
    return enrolment.confirm_totp(current_user_id(), confirmation.enrolment, confirmation.code, **place)


@blueprint.delete("/totp", signed_in=True, step_up=True, problems=(404, 409))
@blueprint.response(204)
def remove_totp() -> None:
    """Remove the authenticator app."""
    removal.remove_totp(current_user_id())


@blueprint.post("/passkeys/options", signed_in=True, step_up=True, credentials=True)
@blueprint.response(200, PasskeyCreation)
def passkey_options() -> PasskeyCreation:
    """What the browser asks a device for a new passkey with; good for five minutes."""
    return enrolment.begin_passkey(current_user_id(), bound_to=_session())


@blueprint.post("/passkeys", signed_in=True, step_up=True, credentials=True, problems=(409,))
@blueprint.arguments(PasskeyDraft)
@blueprint.response(201, Enrolled)
def add_passkey(draft: PasskeyDraft) -> Enrolled:
    """Add the passkey a device made. The first factor brings recovery codes, shown this once."""
    place = {"bound_to": _session(), "session_id": _session()}
    return enrolment.add_passkey(current_user_id(), draft.credential, name=draft.name, **place)


@blueprint.patch("/passkeys/<uuid:passkey_id>", signed_in=True, step_up=True)
@blueprint.arguments(PasskeyPatch)
@blueprint.response(200, PasskeyView)
def rename_passkey(patch: PasskeyPatch, passkey_id: UUID) -> PasskeyView:
    """Give a passkey another name."""
    return service.rename_passkey(passkey_id, patch)


@blueprint.delete("/passkeys/<uuid:passkey_id>", signed_in=True, step_up=True, problems=(409,))
@blueprint.response(204)
def remove_passkey(passkey_id: UUID) -> None:
    """Remove a passkey."""
    removal.remove_passkey(current_user_id(), passkey_id)


@blueprint.post("/recovery-codes", signed_in=True, step_up=True, credentials=True, problems=(409,))
@blueprint.response(201, RecoveryCodes)
def make_recovery_codes() -> RecoveryCodes:
    """Make ten new recovery codes, shown this once; those before are void."""
    return RecoveryCodes(enrolment.new_codes(current_user_id()))


@blueprint.get("/rule", permission=agencies.READ)
@blueprint.response(200, FactorRule)
def show_rule() -> FactorRule:
    """Show whether everybody in the agency needs a second factor."""
    return service.rule()


@blueprint.patch("/rule", permission=agencies.MANAGE, step_up=True, problems=(409,))
@blueprint.arguments(FactorRulePatch)
@blueprint.response(200, FactorRule)
def change_rule(patch: FactorRulePatch) -> FactorRule:
    """Ask everybody in the agency for a second factor, or no longer."""
    return service.change_rule(patch)


@blueprint.delete("/members/<uuid:user_id>", permission=users.MANAGE, step_up=True, problems=(409,))
@blueprint.response(204)
def reset_member(user_id: UUID) -> None:
    """Remove all factors of a member who has lost them, and end their sessions. Only for who works here alone."""
    removal.reset_member(user_id)


def _session() -> UUID:
    session_id = current_actor().session_id
    # The gate lets nobody else through to a route with step-up.
    assert session_id is not None
    return session_id
