"""What can be granted about quotas."""

from __future__ import annotations

from core.actor import Scope
from core.plugins.spec import Permission

READ = Permission("quotas.read", "See the agency's daily quotas and what is left of them.", scopes=(Scope.ALL,))
ALL = (READ,)
