"""How much an agency may do with invitations in a day."""

from __future__ import annotations

from core.plugins.spec import Quota

SENT = Quota("invitations.sent", 200, "Invitations mailed to people, repeated ones included.")
ALL = (SENT,)
