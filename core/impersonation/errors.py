"""What can go wrong with impersonations."""

from __future__ import annotations

from core.errors import Conflict


class NotImpersonating(Conflict):
    """The caller acts as themselves."""

    code = "not_impersonating"
    title = "You act as yourself"
