"""What can go wrong with impersonations."""

from __future__ import annotations

from core.errors import Conflict, Forbidden


class NotImpersonating(Conflict):
    """The caller acts as themselves."""

    code = "not_impersonating"
    title = "You act as yourself"


class NoOperator(Forbidden):
    """Only operators of the platform enter agencies."""

    code = "no_operator"
    title = "You are no operator of this platform"
