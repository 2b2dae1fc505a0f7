"""What can be granted about fares."""

from __future__ import annotations

from core.sdk import Permission, Scope

_ALL = (Scope.ALL,)
READ = Permission("fares.read", "See fares.", scopes=_ALL, roles={"agent": Scope.ALL, "manager": Scope.ALL})
WRITE = Permission("fares.write", "Change fares.", scopes=_ALL, roles={"agent": Scope.ALL, "manager": Scope.ALL})
SEE_COST = Permission("fares.see_cost", "See what fares cost.", scopes=_ALL, roles={"manager": Scope.ALL})
SET_COST = Permission("fares.set_cost", "Set what fares cost.", scopes=_ALL)
ALL = (READ, WRITE, SEE_COST, SET_COST)
