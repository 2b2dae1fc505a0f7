"""What can go wrong while signing in."""

from __future__ import annotations

from core.errors import Forbidden, Unauthorized


class WrongCredentials(Unauthorized):
    """The e-mail address or the password is wrong; which of them is never told."""

    code = "wrong_credentials"
    title = "E-mail address or password is wrong"


class InvalidToken(Unauthorized):
    """The token is malformed, expired, revoked or meant for something else."""

    code = "invalid_token"
    title = "The token is not valid"


class NoMembership(Forbidden):
    """The person has no active place in the agency."""

    code = "no_membership"
    title = "You are not a member of this agency"
