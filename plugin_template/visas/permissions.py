"""What a role can allow about notes."""

from __future__ import annotations

from core.sdk import Permission, Scope

READ = Permission(
    "visas.read",
    "See notes.",
    scopes=(Scope.ALL,),
    roles={"manager": Scope.ALL, "agent": Scope.ALL, "operations": Scope.ALL, "read_only": Scope.ALL},
)
WRITE = Permission(
    "visas.write",
    "Write, change and remove notes.",
    scopes=(Scope.ALL,),
    roles={"manager": Scope.ALL, "agent": Scope.ALL},
)
ALL = (READ, WRITE)
