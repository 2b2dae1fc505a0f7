"""The bus through LISTEN and NOTIFY, on its own connections: NOTIFY in a business transaction makes commits queue."""

from __future__ import annotations

import select
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg
from psycopg import sql

from core.bus.frames import Packer, Unpacker
from core.bus.hints import Hints
from core.bus.listener import GLANCE, PROBE_EVERY
from core.bus.sender import Message

# Installations that share a server need no more: PostgreSQL keeps the notifications of databases apart.
_PREFIX = "tripfile_"
_NOTIFY = b"SELECT pg_notify(channel, payload) FROM unnest(%s::text[], %s::text[]) AS one (channel, payload)"


class PostgresBus(Hints):
    """Hints between processes that share a database."""

    def __init__(self, url: str, options: Mapping[str, Any]) -> None:
        def connect() -> psycopg.Connection[Any]:
            return psycopg.connect(url, autocommit=True, prepare_threshold=None, **options)

        super().__init__(lambda: _Notifier(connect()), lambda channels: _Ear(connect(), channels))


class _Notifier:
    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._packer = Packer()

    def send(self, batch: Sequence[Message]) -> None:
        payloads = self._packer.pack((message.channel, message.body) for message in batch)
        channels = [_PREFIX + channel for channel, _ in payloads]
        self._connection.execute(_NOTIFY, (channels, [payload for _, payload in payloads]))

    def close(self) -> None:
        self._connection.close()


class _Ear:
    def __init__(self, connection: psycopg.Connection[Any], channels: Sequence[str]) -> None:
        self._connection = connection
        self._unpackers = {_PREFIX + channel: Unpacker() for channel in channels}
        self._arrived: list[psycopg.Notify] = []
        self._probe_at = time.monotonic() + PROBE_EVERY
        # What comes in while another statement is answered.
        connection.add_notify_handler(self._arrived.append)
        try:
            for channel in self._unpackers:
                connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
        except BaseException:
            connection.close()
            raise

    def messages(self) -> Iterator[tuple[str, bytes]]:
        self._wait()
        for notify in self._take():
            for message in self._unpackers[notify.channel].unpack(notify.payload):
                yield notify.channel.removeprefix(_PREFIX), message

    def close(self) -> None:
        self._connection.close()

    def _wait(self) -> None:
        pgconn = self._connection.pgconn
        if not self._arrived:
            poll = select.poll()  # looked up at call time: gevent replaces it
            poll.register(pgconn.socket, select.POLLIN)
            if poll.poll(GLANCE * 1000):
                self._probe_at = time.monotonic() + PROBE_EVERY
            elif time.monotonic() > self._probe_at:
                self._connection.execute("SELECT 1")
                self._probe_at = time.monotonic() + PROBE_EVERY
        pgconn.consume_input()

    def _take(self) -> list[psycopg.Notify]:
        pgconn = self._connection.pgconn
        while (found := pgconn.notifies()) is not None:
            self._arrived.append(psycopg.Notify(found.relname.decode(), found.extra.decode(), found.be_pid))
        arrived = self._arrived[:]
        # In place: the handler appends to this list.
        self._arrived.clear()
        return arrived
