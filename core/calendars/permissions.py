"""What can be granted about working time."""

from __future__ import annotations

from core.actor import Scope
from core.plugins.spec import Permission

_EVERYBODY = dict.fromkeys(("manager", "agent", "accountant", "operations", "read_only"), Scope.ALL)

READ = Permission(
    "calendars.read", "See working hours and holidays, and who is away when.", scopes=(Scope.ALL,), roles=_EVERYBODY
)
MANAGE = Permission(
    "calendars.manage",
    "Set working hours and holidays of the agency and its teams.",
    scopes=(Scope.ALL,),
    roles={"manager": Scope.ALL},
)
ABSENCES = Permission(
    "calendars.absences",
    "Say when one is away; with the scope all, of anybody.",
    scopes=(Scope.OWN, Scope.ALL),
    roles={"manager": Scope.ALL, "agent": Scope.OWN, "accountant": Scope.OWN, "operations": Scope.OWN},
)
ALL = (READ, MANAGE, ABSENCES)
