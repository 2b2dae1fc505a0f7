"""What other parts do with revocations: tell of one, ask whether something still counts, listen."""

from __future__ import annotations

from core.revocations.feed import Revoked
from core.revocations.telling import revoke
from core.revocations.watch import Watch, watch

__all__ = ["Revoked", "Watch", "revoke", "watch"]
