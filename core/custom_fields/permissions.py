"""What can be granted about an agency's own fields."""

from __future__ import annotations

from core.actor import Scope
from core.plugins.spec import Permission

_EVERYBODY = ("manager", "agent", "accountant", "operations", "read_only")
READ = Permission(
    "custom_fields.read",
    "See which fields the agency has added, as forms need them.",
    scopes=(Scope.ALL,),
    roles=dict.fromkeys(_EVERYBODY, Scope.ALL),
)
MANAGE = Permission("custom_fields.manage", "Add, change and archive the agency's own fields.", scopes=(Scope.ALL,))
SEE_RESTRICTED = Permission(
    "custom_fields.see_restricted",
    "See and fill in those of the agency's own fields that are not for everybody.",
    scopes=(Scope.ALL,),
    roles={"manager": Scope.ALL},
)
ALL = (READ, MANAGE, SEE_RESTRICTED)
