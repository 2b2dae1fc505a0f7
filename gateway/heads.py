"""Where followed streams stand, from the database: for whoever missed a hint, in turn and after the bus was away."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Sequence
from uuid import UUID

from flask import Flask
from sqlalchemy import ARRAY, Text, Uuid, any_, bindparam, select

from core.db.read import SystemQuery
from core.realtime.protocol import DEFAULT, HEAD_SECONDS, StreamHead
from core.streams import StreamHead as Head
from gateway import work
from gateway.sessions import Follow
from gateway.sockets import Sockets
from gateway.topics import Topics

_HEADS = SystemQuery(
    select(Head.agency_id, Head.scope, Head.seq).where(
        Head.agency_id == any_(bindparam("agencies", type_=ARRAY(Uuid()))),
        Head.scope == any_(bindparam("scopes", type_=ARRAY(Text()))),
    ),
    lambda *row: row,
)
_AT_ONCE = 1_000


class Heads:
    """Sends `stream.head` to whoever follows; each stream has its own second of the fifteen, so that none crowds."""

    def __init__(
        self, app: Flask, sockets: Sockets, topics: Topics, later: Callable[[Callable[[], None]], None]
    ) -> None:
        self._app = app
        self._sockets = sockets
        self._topics = topics
        self._later = later
        self._seconds = itertools.count()
        self._lock = threading.Lock()
        self._due: dict[Follow, None] = {}

    def tick(self) -> None:
        """Once a second: the streams whose turn it is."""
        turn = next(self._seconds) % int(HEAD_SECONDS)
        due = [follow for follow in self._topics.followed() if hash(follow) % int(HEAD_SECONDS) == turn]
        self._ask_for(due)

    def all(self) -> None:
        """Every followed stream: hints may have been missed."""
        self._ask_for(self._topics.followed())

    def _ask_for(self, follows: Sequence[Follow]) -> None:
        with self._lock:
            waiting = bool(self._due)
            self._due.update(dict.fromkeys(follows))
        # Where the database is slow, what becomes due meanwhile is asked for together.
        if follows and not waiting:
            self._later(self._send)

    def _send(self) -> None:
        """Ask the database where streams stand, and tell whoever follows them."""
        with self._lock:
            follows, self._due = list(self._due), {}
        for start in range(0, len(follows), _AT_ONCE):
            part = follows[start : start + _AT_ONCE]
            known = self._ask(part)
            for follow in part:
                head = StreamHead(follow.topic, known.get((follow.agency_id, follow.scope), 0))
                self._sockets.emit(DEFAULT, "stream.head", head, to=follow.room)

    def _ask(self, follows: Sequence[Follow]) -> dict[tuple[UUID, str], int]:
        agencies = list({follow.agency_id for follow in follows})
        scopes = list({follow.scope for follow in follows})
        with work.event(self._app, chore="heads"):
            rows = work.persistently(lambda: _HEADS.rows(agencies=agencies, scopes=scopes), reads=True)
        return {(agency_id, scope): seq for agency_id, scope, seq in rows}
