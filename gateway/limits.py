"""What one connection may do to the others: nothing beyond these figures."""

from __future__ import annotations

import time

LARGEST = 1_000_000
"""Bytes of one message, however it is cut into frames."""
LARGEST_BEFORE = 16_384
"""The same, before the connection has shown an access token."""
PER_SECOND = 50.0
"""Frames a connection may send in the long run."""
BURST = 250.0
"""Frames it may send at once: a client that comes back joins all its rooms again."""
WAITING = 256
"""Packets that wait for a slow reader before its transport is closed."""
WAITING_BYTES = 4_000_000
SEND_BUFFER = 131_072
"""Bytes the kernel may keep for one reader."""
WELCOME_SECONDS = 10.0
"""How long a connection may take to show an access token."""
GOODBYE_SECONDS = 2.0
"""How long it may take to read why it was closed."""
MOST_SOCKETS = 9_000
"""Per process; below its `--worker-connections`, so that the API is still answered."""


class Refused(Exception):
    """The client broke the rules; it is told why, then its transport is closed. Nobody else notices."""

    def __init__(self, code: str, message: str, *, close_code: int = 1008) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.close_code = close_code


class Allowance:
    """How many frames a connection may still send."""

    __slots__ = ("_left", "_since")

    def __init__(self) -> None:
        self._left = BURST
        self._since = time.monotonic()

    def spend(self) -> None:
        """Count a frame; raises Refused when there were too many."""
        now = time.monotonic()
        self._left = min(BURST, self._left + (now - self._since) * PER_SECOND) - 1
        self._since = now
        if self._left < 0:
            raise Refused("too_many_events", f"At most {PER_SECOND:.0f} events a second")
