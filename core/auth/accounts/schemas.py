"""Passwords, addresses and registration on the wire."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from core.auth.passwords.rules import NewPassword
from core.fields import Email, Language, Name, Zone
from core.http.structs import Draft, View
from core.money import Currency

Token = Annotated[
    str,
    Meta(
        max_length=200,
        description="What stands behind `#token=` in the link.",
        examples=["kz2dGm3dQ4cL1o9w6Jb0Q2V8c7yS5xT1uR4nE6hA8fM"],
    ),
]


class Forgotten(Draft):
    """Whose password is forgotten."""

    email: Email


class NewPasswordByLink(Draft):
    """A new password, and the link that allows it."""

    token: Token
    password: NewPassword


class EmailChange(Draft):
    """The address to sign in with from now on."""

    email: Email


class LinkOpened(Draft):
    """A link from a letter."""

    token: Token


class Registration(Draft):
    """A new person with an agency of their own; the password is chosen by whoever reads the letters to the address."""

    email: Email
    name: Name
    agency: Annotated[Name, Meta(description="Name of the agency.", examples=["Sunrise Travel"])]
    currency: Currency = "EUR"
    zone: Zone = "UTC"
    language: Language = "en"


class RegistrationOpened(Draft):
    """The link of a registration, and the password of the new account."""

    token: Token
    password: NewPassword


class Setup(Registration, kw_only=True):
    """The first agency and its owner."""

    password: NewPassword
    token: Annotated[str, Meta(max_length=200, description="Printed by `tripfile admin setup-token`.")]


class Accepted(View):
    """The same for everybody: whether there is such an account is told by mail alone."""

    detail: Annotated[str, Meta(examples=["If the address can be written to, a letter is on its way."])]


ON_ITS_WAY = Accepted("If the address can be written to, a letter is on its way.")


class PasswordChange(Draft):
    """The present password and the new one."""

    current: Annotated[str, Meta(max_length=1024, examples=["a long and quiet passphrase"])]
    new: NewPassword
