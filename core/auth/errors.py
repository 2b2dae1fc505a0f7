"""What can go wrong while signing in."""

from __future__ import annotations

from core.errors import Forbidden, TooManyRequests, Unauthorized


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
