"""What can be granted about signing in."""

from __future__ import annotations

from core.actor import Scope
from core.plugins.spec import Permission

END_SESSIONS = Permission("auth.end_sessions", "Sign everybody out of the agency.", scopes=(Scope.ALL,))
ALL = (END_SESSIONS,)
