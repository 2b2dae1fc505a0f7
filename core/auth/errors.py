"""What can go wrong while signing in."""

from __future__ import annotations

from core.errors import Conflict, Fault, Forbidden, Invalid, TooManyRequests, Unauthorized


class WrongCredentials(Unauthorized):
    """The e-mail address or the password is wrong; which of them is never told."""

    code = "wrong_credentials"
    title = "E-mail address or password is wrong"


class InvalidToken(Unauthorized):
    """The token is malformed, expired, revoked or meant for something else."""

    code = "invalid_token"
    title = "The token is not valid"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})


class CrossSite(Forbidden):
    """A request that came with cookies and changes something does not prove that a page of ours sent it."""

    code = "cross_site"
    title = "This request does not come from a page of ours"


class NotYourself(Forbidden):
    """An API key, or somebody who acts as another person, asked for what only the person may do."""

    code = "not_yourself"
    title = "Only the person themselves may do this, signed in as themselves"


class NoMembership(Forbidden):
    """The person has no active place in the agency."""

    code = "no_membership"
    title = "You are not a member of this agency"


class TooManyAttempts(TooManyRequests):
    """Too many guesses were wrong; `Retry-After` says when the next one is looked at."""

    code = "too_many_attempts"
    title = "Too many failed attempts; try again later"


class InvalidChallenge(Unauthorized):
    """The challenge is unknown, too old, used up, or was tried too often: sign in again."""

    code = "invalid_challenge"
    title = "Sign in again"


class SecondFactorRequired(InvalidToken):
    """A role or the agency asks for a second factor, and this session was opened without one."""

    code = "second_factor_required"
    title = "Sign in again with a second factor"


class SetUpElsewhere(Forbidden):
    """A second factor is asked for and there is none; only the person's own password, typed now, sets one up."""

    code = "second_factor_missing"
    title = "Sign in here with your own password and set up a second factor"


class OwnFactorFirst(Conflict):
    """Whoever asks others for a second factor would be locked out of this session themselves."""

    code = "own_factor_first"
    title = "Sign in with a second factor yourself before you ask others for one"


def dead_link() -> Invalid:
    """A link that is unknown, was used or is too old: which of them is not told."""
    return Invalid(errors=[Fault("/token", "dead_link", "This link is used up or too old; ask for another one")])
