"""What can be granted about members and teams."""

from __future__ import annotations

from core.actor import Scope
from core.plugins.spec import Permission

_EVERYBODY = dict.fromkeys(("manager", "agent", "accountant", "operations", "read_only"), Scope.ALL)

READ = Permission("users.read", "See the agency's members and teams.", scopes=(Scope.ALL,), roles=_EVERYBODY)
MANAGE = Permission("users.manage", "Invite, change and see off members; make teams.", scopes=(Scope.ALL,))
IMPERSONATE = Permission(
    "users.impersonate", "Act as a member who may do no more than oneself, to help them.", scopes=(Scope.ALL,)
)
ALL = (READ, MANAGE, IMPERSONATE)
