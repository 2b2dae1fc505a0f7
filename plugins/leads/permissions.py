"""What a role can allow about leads."""

from __future__ import annotations

from core.sdk import Permission, Scope

READ = Permission(
    "leads.read",
    "See leads, their notes and their history.",
    roles={
        "manager": Scope.ALL,
        "agent": Scope.TEAM,
        "accountant": Scope.ALL,
        "operations": Scope.ALL,
        "read_only": Scope.ALL,
    },
)
WRITE = Permission(
    "leads.write",
    "Add and change leads, write notes, and move leads through the pipeline.",
    roles={"manager": Scope.ALL, "agent": Scope.TEAM},
)
ASSIGN = Permission(
    "leads.assign",
    "Hand leads over to another owner or team.",
    roles={"manager": Scope.ALL, "agent": Scope.OWN},
)
REOPEN = Permission("leads.reopen", "Reopen a won lead for negotiation.", roles={"manager": Scope.ALL})
DELETE = Permission("leads.delete", "Delete and restore leads.", roles={"manager": Scope.ALL})
SEE_RESTRICTIONS = Permission(
    "leads.see_restrictions",
    "See what travellers cannot eat, drink or do: it tells of their health and religion.",
    roles={"manager": Scope.ALL, "agent": Scope.ALL, "operations": Scope.ALL},
    scopes=(Scope.ALL,),
)
MERGE = Permission(
    "leads.merge",
    "Merge leads, undo that, and say which ones that look alike are two.",
    roles={"manager": Scope.ALL, "agent": Scope.TEAM},
)
EXPORT = Permission(
    "leads.export", "Take leads out of the agency, as files for spreadsheets.", roles={"manager": Scope.ALL}
)
MANAGE_RULES = Permission(
    "leads.manage_rules",
    "Set who gets incoming leads, and within which time they are answered.",
    roles={"manager": Scope.ALL},
    scopes=(Scope.ALL,),
)
SCORING = Permission(
    "leads.scoring",
    "Set by which rules leads are scored, and from which score they are warm and hot.",
    roles={"manager": Scope.ALL},
    scopes=(Scope.ALL,),
)
ALL = (READ, WRITE, ASSIGN, REOPEN, DELETE, MERGE, EXPORT, SEE_RESTRICTIONS, MANAGE_RULES, SCORING)
