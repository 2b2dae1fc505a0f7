"""What a role can allow about load."""

from __future__ import annotations

from core.sdk import Permission, Scope

MAKE = Permission("loadtest.make", "Make load.", scopes=(Scope.ALL,), roles={"agent": Scope.ALL})
ALL = (MAKE,)
