"""What a role can allow about capture."""

from __future__ import annotations

from core.sdk import Permission, Scope

READ = Permission(
    "capture.read",
    "See what came in by forms and hooks, and the forms and hooks themselves.",
    roles={"manager": Scope.ALL},
    scopes=(Scope.ALL,),
)
MANAGE = Permission(
    "capture.manage",
    "Set up forms and hooks, and decide what is spam and what becomes a lead.",
    roles={"manager": Scope.ALL},
    scopes=(Scope.ALL,),
)
ALL = (READ, MANAGE)
