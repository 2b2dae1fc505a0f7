"""Who may see and switch an agency's plugins."""

from __future__ import annotations

from core.actor import Scope
from core.plugins.spec import Permission

READ = Permission("plugins.read", "See which plugins there are and which are on.", scopes=(Scope.ALL,))
MANAGE = Permission("plugins.manage", "Switch plugins on and off for the agency.", scopes=(Scope.ALL,))

ALL = (READ, MANAGE)
