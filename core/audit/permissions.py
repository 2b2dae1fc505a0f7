"""What can be granted about the event log, and how often it may be taken away."""

from __future__ import annotations

from core.actor import Scope
from core.plugins.spec import Permission, Quota

READ = Permission(
    "audit.read",
    "See who did what and when, for everything in the agency.",
    scopes=(Scope.ALL,),
    roles={"manager": Scope.ALL},
)
EXPORT = Permission("audit.export", "Take the event log out of the agency, as a file.", scopes=(Scope.ALL,), roles={})
ALL = (READ, EXPORT)

EXPORTS = Quota("audit.exports", 200, "Parts of the log taken away as files.")
QUOTAS = (EXPORTS,)
