"""What can be granted about members and teams."""

from __future__ import annotations

from core.actor import Scope
from core.plugins.spec import Permission

_EVERYBODY = dict.fromkeys(("manager", "agent", "accountant", "operations", "read_only"), Scope.ALL)

READ = Permission("users.read", "See the agency's members and teams.", scopes=(Scope.ALL,), roles=_EVERYBODY)
MANAGE = Permission("users.manage", "Add and change members, their roles and teams.", scopes=(Scope.ALL,))
ALL = (READ, MANAGE)
