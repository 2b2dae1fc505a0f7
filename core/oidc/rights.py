"""Who may decide who everybody is."""

from __future__ import annotations

from core.actor import current_actor, current_user_id
from core.errors import Forbidden
from core.plugins.manager import installed
from core.roles.builtin import wider
from core.users import rights
from core.users.repository import members


def require_every_right() -> None:
    """Raise Forbidden for whoever may not do everything themselves."""
    held = {
        name: (current_actor().scope_of(name), declared.widest) for name, declared in installed().permissions.items()
    }
    if any(scope is None or wider(scope, widest) != scope for scope, widest in held.values()):
        raise Forbidden("Whoever sets up a provider can sign in as anybody: that takes every right there is")


def is_owner() -> bool:
    """Whether the caller owns the agency."""
    return rights.OWNER in members.roles_of(current_user_id())


def require_owner() -> None:
    """Raise Forbidden for everybody but owners."""
    if not is_owner():
        raise Forbidden("Only an owner may let a provider speak for owners")
