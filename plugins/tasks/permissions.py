"""What a role can allow about tasks."""

from __future__ import annotations

from core.sdk import Permission, Scope

READ = Permission(
    "tasks.read",
    "See tasks, as far as one may see what they are about.",
    roles={
        "manager": Scope.ALL,
        "agent": Scope.TEAM,
        "accountant": Scope.OWN,
        "operations": Scope.TEAM,
        "read_only": Scope.ALL,
    },
)
WRITE = Permission(
    "tasks.write",
    "Make and change tasks, put them off, and say that they are done.",
    roles={"manager": Scope.ALL, "agent": Scope.TEAM, "accountant": Scope.OWN, "operations": Scope.TEAM},
)
ASSIGN = Permission(
    "tasks.assign",
    "Give tasks to others.",
    roles={"manager": Scope.ALL, "agent": Scope.TEAM, "operations": Scope.TEAM},
)
ALL = (READ, WRITE, ASSIGN)
