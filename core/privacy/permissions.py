"""What can be granted about people's data."""

from __future__ import annotations

from core.actor import Scope
from core.plugins.spec import Permission, Quota

READ = Permission(
    "privacy.read",
    "See what personal data is kept where and for how long, and who asked for it.",
    scopes=(Scope.ALL,),
)
EXPORT = Permission("privacy.export", "Hand out everything that is known about a person.", scopes=(Scope.ALL,))
ERASE = Permission("privacy.erase", "Erase everything that is known about a person.", scopes=(Scope.ALL,))
MANAGE = Permission("privacy.manage", "Put people on legal hold and set how long data is kept.", scopes=(Scope.ALL,))
ALL = (READ, EXPORT, ERASE, MANAGE)

EXPORTS = Quota("privacy.exports", 200, "Bundles of somebody's data put together for them.")
QUOTAS = (EXPORTS,)
