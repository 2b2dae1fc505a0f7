"""What a role can allow about contacts."""

from __future__ import annotations

from core.sdk import Permission, Scope

READ = Permission(
    "contacts.read",
    "See contacts.",
    roles={
        "manager": Scope.ALL,
        "agent": Scope.ALL,
        "accountant": Scope.ALL,
        "operations": Scope.ALL,
        "read_only": Scope.ALL,
    },
)
WRITE = Permission(
    "contacts.write",
    "Add and change contacts.",
    roles={"manager": Scope.ALL, "agent": Scope.TEAM, "operations": Scope.ALL},
)
ASSIGN = Permission(
    "contacts.assign",
    "Hand contacts over to another owner or team.",
    roles={"manager": Scope.ALL, "agent": Scope.OWN, "operations": Scope.ALL},
)
DELETE = Permission("contacts.delete", "Delete and restore contacts.", roles={"manager": Scope.ALL})
MERGE = Permission(
    "contacts.merge",
    "Merge contacts, undo that, and say which ones that look alike are two.",
    roles={"manager": Scope.ALL, "agent": Scope.TEAM, "operations": Scope.ALL},
)
EXPORT = Permission(
    "contacts.export", "Take contacts out of the agency, as files for spreadsheets.", roles={"manager": Scope.ALL}
)
VALUE = Permission(
    "contacts.value",
    "See what clients have spent.",
    scopes=(Scope.ALL,),
    roles={"manager": Scope.ALL, "accountant": Scope.ALL},
)
ALL = (READ, WRITE, ASSIGN, DELETE, MERGE, EXPORT, VALUE)
