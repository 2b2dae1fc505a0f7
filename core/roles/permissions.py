"""What can be granted about roles."""

from __future__ import annotations

from core.actor import Scope
from core.plugins.spec import Permission

READ = Permission("roles.read", "See roles and what they allow.", scopes=(Scope.ALL,), roles={"manager": Scope.ALL})
MANAGE = Permission("roles.manage", "Make, change and delete the agency's own roles.", scopes=(Scope.ALL,))
ALL = (READ, MANAGE)
