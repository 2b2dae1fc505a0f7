"""What can be granted about the event log."""

from __future__ import annotations

from core.actor import Scope
from core.plugins.spec import Permission

READ = Permission(
    "audit.read",
    "See who did what and when, for everything in the agency.",
    scopes=(Scope.ALL,),
    roles={"manager": Scope.ALL},
)
EXPORT = Permission("audit.export", "Take the event log out of the agency, as a file.", scopes=(Scope.ALL,), roles={})
ALL = (READ, EXPORT)
