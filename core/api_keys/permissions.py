"""What can be granted about API keys, and how many may be made."""

from __future__ import annotations

from core.actor import Scope
from core.plugins.spec import Permission, Quota

_OWN = dict.fromkeys(("manager", "agent", "accountant", "operations"), Scope.OWN)

READ = Permission("api_keys.read", "See API keys and what they allow.", scopes=(Scope.OWN, Scope.ALL), roles=_OWN)
MANAGE = Permission(
    "api_keys.manage",
    "Make API keys of one's own; change and revoke those within reach.",
    scopes=(Scope.OWN, Scope.ALL),
    roles=_OWN,
)
ALL = (READ, MANAGE)

MADE = Quota("api_keys.made", 100, "API keys made or rotated a day.")
QUOTAS = (MADE,)
