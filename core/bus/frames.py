"""Many messages in few NOTIFY payloads, and large ones in several: a payload is text of less than 8,000 bytes."""

from __future__ import annotations

import base64
import itertools
import secrets
from collections.abc import Iterable, Iterator

LIMIT = 7_900
MOST_PARTIAL = 4_000_000
"""Bytes of messages that have not arrived as a whole."""
_BETWEEN = "\x1e"
_PIECE = LIMIT - 100


class Packer:
    """Makes payloads of messages, in their order within a channel."""

    def __init__(self) -> None:
        self._sender = secrets.token_hex(4)
        # PostgreSQL drops a payload that equals another of the same transaction.
        self._numbers = itertools.count()

    def pack(self, batch: Iterable[tuple[str, bytes]]) -> list[tuple[str, str]]:
        """Pairs of channel and payload."""
        found: list[tuple[str, str]] = []
        filling: dict[str, list[str]] = {}
        room: dict[str, int] = {}
        for channel, message in batch:
            text, size = _text(message)
            if filling.get(channel) and size > room[channel]:
                found.append((channel, self._payload(filling.pop(channel))))
            if size > _PIECE:
                found += [(channel, payload) for payload in self._pieces(message)]
                continue
            if channel not in filling:
                filling[channel], room[channel] = [], _PIECE
            filling[channel].append(text)
            room[channel] -= size
        return found + [(channel, self._payload(texts)) for channel, texts in filling.items()]

    def _pieces(self, message: bytes) -> Iterator[str]:
        # ASCII, because a cut must not go through a character.
        text = base64.b64encode(message).decode()
        pieces = [text[start : start + _PIECE] for start in range(0, len(text), _PIECE)]
        key = f"{self._sender}.{next(self._numbers)}"
        for index, piece in enumerate(pieces):
            yield self._payload([f"c{key}:{index}:{len(pieces)}:{piece}"])

    def _payload(self, texts: list[str]) -> str:
        return _BETWEEN.join([f"{self._sender}.{next(self._numbers)}", *texts])


class Unpacker:
    """Gives the messages of payloads back; what it keeps of unfinished ones is bounded, the oldest goes first."""

    def __init__(self) -> None:
        self._partial: dict[str, list[str]] = {}
        self._bytes = 0

    def unpack(self, payload: str) -> Iterator[bytes]:
        """The messages that a payload holds or completes."""
        for text in payload.split(_BETWEEN)[1:]:
            kind, body = text[:1], text[1:]
            if kind == "t":
                yield body.encode()
            elif kind == "b":
                yield base64.b64decode(body)
            else:
                yield from self._piece(body)

    def _piece(self, body: str) -> Iterator[bytes]:
        key, index, count, piece = body.split(":", 3)
        pieces = self._partial.setdefault(key, [])
        if len(pieces) != int(index):
            # Pieces come in order, so one was missed.
            self._forget(key)
            return
        pieces.append(piece)
        self._bytes += len(piece)
        if len(pieces) == int(count):
            yield base64.b64decode("".join(self._forget(key)))
        while self._bytes > MOST_PARTIAL:
            self._forget(next(iter(self._partial)))

    def _forget(self, key: str) -> list[str]:
        pieces = self._partial.pop(key)
        self._bytes -= sum(len(piece) for piece in pieces)
        return pieces


def _text(message: bytes) -> tuple[str, int]:
    """A message as text that the separator is not part of, and its size in bytes."""
    if b"\x1e" not in message and b"\0" not in message:
        try:
            return "t" + message.decode(), len(message) + 2
        except UnicodeDecodeError:
            pass
    text = "b" + base64.b64encode(message).decode()
    return text, len(text) + 1
