"""What can be granted about lists of allowed networks."""

from __future__ import annotations

from core.actor import Scope
from core.plugins.spec import Permission

READ = Permission("allow_lists.read", "See from which networks people may work.", scopes=(Scope.ALL,))
MANAGE = Permission("allow_lists.manage", "Say from which networks people may work.", scopes=(Scope.ALL,))
ALL = (READ, MANAGE)
