"""What a role can allow about imports; each kind of row asks for the permission to make one besides."""

from __future__ import annotations

from core.actor import Scope
from core.plugins.spec import Permission, Quota

_SCOPES = (Scope.OWN, Scope.ALL)
READ = Permission(
    "imports.read",
    "See imports, their rows and what is wrong with them.",
    scopes=_SCOPES,
    roles={"manager": Scope.ALL, "operations": Scope.OWN},
)
RUN = Permission(
    "imports.run",
    "Bring rows of files in as leads, contacts and the like, and take that back.",
    scopes=_SCOPES,
    roles={"manager": Scope.ALL, "operations": Scope.OWN},
)
ALL = (READ, RUN)
FILES = Quota("imports.files", 200, "Files uploaded for imports.")
QUOTAS = (FILES,)
