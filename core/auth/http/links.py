"""Forgotten passwords, e-mail addresses, registration and the first setup over HTTP."""

from __future__ import annotations

from core.auth import registration
from core.auth.accounts import addresses, new_passwords
from core.auth.accounts.schemas import (
    ON_ITS_WAY,
    Accepted,
    EmailChange,
    Forgotten,
    LinkOpened,
    NewPasswordByLink,
    Registration,
    RegistrationOpened,
    Setup,
)
from core.config import Settings
from core.http.blueprint import Blueprint


def _sign_ins(settings: Settings) -> str:
    return settings.rate_limit_login


blueprint = Blueprint("auth_links", description="Links by mail: a new password, an address, a first account.")


@blueprint.post("/password/forgotten", public=True, limit=_sign_ins)
@blueprint.arguments(Forgotten)
@blueprint.response(202, Accepted)
def forgotten(body: Forgotten) -> Accepted:
    """Have a link mailed that sets a new password. The answer is the same whether or not there is such a person."""
    new_passwords.ask(body.email)
    return ON_ITS_WAY


@blueprint.post("/password/reset", public=True, limit=_sign_ins, credentials=True)
@blueprint.arguments(NewPasswordByLink)
@blueprint.response(204)
def reset(body: NewPasswordByLink) -> None:
    """Set a new password by a link. Every session ends; sign in afterwards, with your second factor as before."""
    new_passwords.reset(body)


@blueprint.post("/email", signed_in=True, everywhere=True, step_up=True, limit=_sign_ins)
@blueprint.arguments(EmailChange)
@blueprint.response(202, Accepted)
def change_email(body: EmailChange) -> Accepted:
    """Have a link mailed to a new address; opening it makes that the one you sign in with.

    The present one is told now, and again then. Once this session has ended, the link is dead.
    """
    addresses.ask_change(body.email)
    return ON_ITS_WAY


@blueprint.post("/email/verification", signed_in=True, everywhere=True, limit=_sign_ins)
@blueprint.response(202, Accepted)
def ask_verification() -> Accepted:
    """Have a link mailed that shows that your address is yours."""
    addresses.ask()
    return ON_ITS_WAY


@blueprint.post("/email/verify", public=True, limit=_sign_ins, credentials=True)
@blueprint.arguments(LinkOpened)
@blueprint.response(204)
def verify_email(body: LinkOpened) -> None:
    """Open a link that was mailed to an address: it is yours."""
    addresses.verify(body.token)


@blueprint.post("/email/undo", public=True, limit=_sign_ins, credentials=True)
@blueprint.arguments(LinkOpened)
@blueprint.response(204)
def undo_email_change(body: LinkOpened) -> None:
    """Open the link that the present address got when another was asked for: it stays, or is the account's again.

    Every session ends, and a letter with a link to a new password is on its way.
    """
    addresses.undo(body.token)


@blueprint.post("/register", public=True, limit=_sign_ins, credentials=True, problems=(404,))
@blueprint.arguments(Registration)
@blueprint.response(202, Accepted)
def register(body: Registration) -> Accepted:
    """Ask for an account and an agency of your own, where REGISTRATION allows it; a link by mail makes them."""
    registration.ask(body)
    return ON_ITS_WAY


@blueprint.post("/register/verify", public=True, limit=_sign_ins, credentials=True, problems=(404,))
@blueprint.arguments(RegistrationOpened)
@blueprint.response(204)
def finish_registration(body: RegistrationOpened) -> None:
    """Open the link of a registration and choose a password: the account and its agency are made, and you sign in."""
    registration.finish(body)


@blueprint.post("/setup", public=True, limit=_sign_ins, credentials=True, problems=(404,))
@blueprint.arguments(Setup)
@blueprint.response(204)
def set_up(body: Setup) -> None:
    """Make the first agency and its owner, once, with the token that `tripfile admin setup-token` prints."""
    registration.set_up(body)
