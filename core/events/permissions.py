"""What can be granted about the feed of events."""

from __future__ import annotations

from core.actor import Scope
from core.plugins.spec import Permission

_EVERYBODY = dict.fromkeys(("manager", "agent", "accountant", "operations", "read_only"), Scope.ALL)

READ = Permission(
    "events.read",
    "Follow what happens, as far as the things it happens to may be seen.",
    scopes=(Scope.ALL,),
    roles=_EVERYBODY,
)
ALL = (READ,)
