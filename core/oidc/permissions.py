"""What can be granted about identity providers."""

from __future__ import annotations

from core.actor import Scope
from core.plugins.spec import Permission

MANAGE = Permission(
    "oidc.manage", "Set up the identity providers members may sign in through.", scopes=(Scope.ALL,), roles={}
)
ALL = (MANAGE,)
