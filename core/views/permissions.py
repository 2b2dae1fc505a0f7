"""What a role can allow about saved views of lists."""

from __future__ import annotations

from core.actor import Scope
from core.plugins.spec import Permission
from core.roles.builtin import ALMIGHTY, NAMES

_EVERYBODY = {name: Scope.OWN for name in NAMES if name not in ALMIGHTY}

READ = Permission(
    "views.read",
    "See the views of lists that one keeps, and those that are shared.",
    scopes=(Scope.OWN,),
    roles=_EVERYBODY,
)
KEEP = Permission("views.keep", "Keep views of lists for oneself.", scopes=(Scope.OWN,), roles=_EVERYBODY)
SHARE = Permission(
    "views.share",
    "Share views of lists: with one's teams, or with the agency.",
    scopes=(Scope.TEAM, Scope.ALL),
    roles={"manager": Scope.ALL, "agent": Scope.TEAM},
)
ALL = (READ, KEEP, SHARE)
