"""How much an agency may do with invitations in a day; who may is a matter of its members."""

from __future__ import annotations

from core.plugins.spec import Quota

SENT = Quota("invitations.sent", 200, "Invitations mailed to people, repeated ones included.")
QUOTAS = (SENT,)
