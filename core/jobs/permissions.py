"""What can be granted about background work."""

from __future__ import annotations

from core.actor import Scope
from core.plugins.spec import Permission

READ = Permission("jobs.read", "See the agency's background work, what failed and why.", scopes=(Scope.ALL,), roles={})
MANAGE = Permission("jobs.manage", "Repeat, discard and cancel background work.", scopes=(Scope.ALL,), roles={})
ALL = (READ, MANAGE)
