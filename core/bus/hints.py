"""What every bus has: one sender, and a listener for each subscription, whatever carries the messages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from core.bus.listener import Ear, Listener
from core.bus.sender import Carrier, Sender


class Hints:
    """See `Bus`. `carrier` makes a connection that messages leave by, `ear` one that those of some channels come by."""

    def __init__(self, carrier: Callable[[], Carrier], ear: Callable[[Sequence[str]], Ear]) -> None:
        self._ear = ear
        self._sender = Sender(carrier)
        self._listeners: list[Listener] = []

    def publish(self, channel: str, messages: Iterable[bytes]) -> None:
        """See `Bus`."""
        self._sender.put(channel, messages)

    def subscribe(
        self,
        channels: Iterable[str],
        on_message: Callable[[str, bytes], None],
        on_connected: Callable[[], None] = lambda: None,
    ) -> Listener:
        """See `Bus`."""
        wanted = tuple(channels)
        listener = Listener(lambda: self._ear(wanted), on_message, on_connected)
        self._listeners.append(listener)
        return listener

    def close(self) -> None:
        """See `Bus`."""
        for listener in self._listeners:
            listener.close()
        self._sender.close()
