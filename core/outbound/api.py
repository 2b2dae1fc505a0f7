"""What plugins talk to the outside with."""

from __future__ import annotations

from core.outbound.client import Reply, SafeClient
from core.outbound.errors import NoReply, Refused, TimedOut, TooLarge, Unreachable
from core.outbound.signing import new_secret, signed_headers

__all__ = [
    "NoReply",
    "Refused",
    "Reply",
    "SafeClient",
    "TimedOut",
    "TooLarge",
    "Unreachable",
    "new_secret",
    "signed_headers",
]
