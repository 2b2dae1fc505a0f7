"""What a role can allow about webhooks."""

from __future__ import annotations

from core.sdk import Permission, Scope

READ = Permission(
    "webhooks.read",
    "See where events are sent, and what became of each message.",
    scopes=(Scope.ALL,),
)
MANAGE = Permission(
    "webhooks.manage",
    "Choose where events are sent, send tests, and send messages again.",
    scopes=(Scope.ALL,),
)
ALL = (READ, MANAGE)
