"""What plugins talk to the outside with."""

from __future__ import annotations

from core.outbound.client import Reply, SafeClient
from core.outbound.errors import NoReply, Refused, TimedOut, TooLarge, Unreachable
from core.outbound.signing import is_signed, new_secret, signed_headers

__all__ = [
    "NoReply",
    "Refused",
    "Reply",
    "SafeClient",
    "TimedOut",
    "TooLarge",
    "Unreachable",
    "is_signed",
    "new_secret",
    "signed_headers",
]
