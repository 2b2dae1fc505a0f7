"""Why a request to the outside got no reply."""

from __future__ import annotations


class NoReply(Exception):
    """No usable reply came; the message is a sentence for people and never holds more than the host's name."""


class Refused(NoReply):
    """We do not talk to this address, or not like this: nothing was sent."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unreachable(NoReply):
    """The name is unknown, nobody answers there, the certificate is wrong, or what came is not HTTP."""


class TimedOut(NoReply):
    """The whole exchange took longer than it may."""


class TooLarge(NoReply):
    """The reply is larger than it may be, as sent or once decompressed."""
