"""The bus between processes: hints that may be lost, through Redis, or through PostgreSQL where there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from flask import current_app


class Subscription(Protocol):
    """A listener that runs in the background until it is closed."""

    def close(self) -> None:
        """Stop listening."""


class Bus(Protocol):
    """Carries short messages between the processes of an installation.

    Nothing that must arrive travels here: the log, the ledger and the streams hold it, and whoever missed a hint finds
    it at the next head beat or sweep.
    """

    def publish(self, channel: str, messages: Iterable[bytes]) -> None:
        """Hand messages to the sender in the background; returns at once and never raises.

        The publishing process hears them too. They may be lost, and after a broken connection come twice.
        """

    def subscribe(
        self,
        channels: Iterable[str],
        on_message: Callable[[str, bytes], None],
        on_connected: Callable[[], None] = lambda: None,
    ) -> Subscription:
        """Call `on_message(channel, message)` for what arrives, in the background; it reconnects by itself.

        `on_connected` is called after each connect: what came in between may have been missed.
        """

    def close(self) -> None:
        """Send what is pending, within a second, and stop."""


def bus() -> Bus:
    """The running application's bus."""
    found: Bus = current_app.extensions["tripfile.bus"]
    return found
