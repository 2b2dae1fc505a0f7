"""What can go wrong with impersonations."""

from __future__ import annotations

from core.errors import Conflict, Forbidden


class NotImpersonating(Conflict):
    """The caller acts as themselves."""

    code = "not_impersonating"
    title = "You act as yourself"


class OperatorWithoutFactor(Forbidden):
    """An operator's password alone opens no agency."""

    code = "operator_without_factor"
    title = "Sign in with a second factor before you enter an agency"
