"""What can go wrong with second factors."""

from __future__ import annotations

from core.errors import Conflict, Unauthorized


class WrongProof(Unauthorized):
    """The code or the passkey is wrong, was used before, or belongs to somebody else; which of these is not told."""

    code = "wrong_second_factor"
    title = "The code or the passkey is not right"


class AlreadySetUp(Conflict):
    """There is an authenticator app; remove it before another one is set up."""

    code = "totp_already_set_up"
    title = "An authenticator app is set up already"


class FactorExists(Conflict):
    """A second factor was set up since this sign-in began."""

    code = "second_factor_exists"
    title = "Sign in again and show your second factor"


class KnownPasskey(Conflict):
    """This passkey is registered already, by whomever."""

    code = "passkey_known"
    title = "This passkey is registered already"


class TooManyPasskeys(Conflict):
    """Nobody needs more keys than that."""

    code = "too_many_passkeys"
    title = "Remove a passkey before you add another one"


class NoFactorYet(Conflict):
    """Recovery codes stand in for a factor, and there is none."""

    code = "no_second_factor"
    title = "Set up an authenticator app or a passkey first"


class FactorRequired(Conflict):
    """An agency or a role of this person asks for a second factor, and this is the last one."""

    code = "second_factor_required"
    title = "One of your roles asks for a second factor; add another one before you remove this"


class PasswordTooShort(Conflict):
    """The password is only long enough beside a second factor."""

    code = "password_too_short_alone"
    title = "Choose a password of at least 15 characters before you remove your last second factor"


class WorksElsewhere(Conflict):
    """The person works for other agencies too, whose doors their factors guard as well: the operator may reset them."""

    code = "works_elsewhere"
    title = "This person works for another agency too; ask the operator to reset their factors"
