"""What can be granted about the agency itself."""

from __future__ import annotations

from core.actor import Scope
from core.plugins.spec import Permission

_EVERYBODY = dict.fromkeys(("manager", "agent", "accountant", "operations", "read_only"), Scope.ALL)

READ = Permission("agencies.read", "See the agency and its brands.", scopes=(Scope.ALL,), roles=_EVERYBODY)
MANAGE = Permission("agencies.manage", "Change the agency and its brands.", scopes=(Scope.ALL,))
ALL = (READ, MANAGE)
