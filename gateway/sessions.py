"""Who is connected to this process: one session per transport, whatever namespaces it has joined."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from limits import parse

from core.actor import Actor
from core.errors import TooManyRequests
from core.realtime import rooms


class Place(NamedTuple):
    """A room that people join by id and are seen in."""

    namespace: str
    agency_id: UUID
    kind: str
    id: UUID

    @property
    def room(self) -> str:
        """Its name."""
        return rooms.entity(self.agency_id, self.kind, self.id)


class Follow(NamedTuple):
    """A stream that a session follows under the name of a topic."""

    topic: str
    agency_id: UUID
    scope: str

    @property
    def room(self) -> str:
        """Where its hints go."""
        return rooms.stream(self.agency_id, self.scope)


@dataclass
class _Allowance:
    left: float
    at: float


@dataclass(eq=False)
class Session:
    """One transport and its person."""

    transport: str
    actor: Actor
    token: str = field(repr=False)
    expires: float
    """End of the token, in seconds since 1970."""
    address: str = ""
    """Where it connects from, as the proxies tell; an agency may allow some networks only."""
    session_id: UUID | None = None
    """Of the token; its rights may still be asked for, and are then not in `actor` yet."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    """Guards what follows; never held while the database is asked."""
    epoch: int = 0
    """Counts how often its rights were asked anew: what was allowed before that must be asked again."""
    ended: bool = False
    warned: bool = False
    """Whether the client was told that the token ends soon."""
    check_due: bool = False
    """Whether its rights are about to be asked anew."""
    sids: dict[str, str] = field(default_factory=dict)
    """The socket in each namespace, in the order of connecting."""
    own_rooms: dict[str, frozenset[str]] = field(default_factory=dict)
    """Per namespace, the rooms that the server chose."""
    places: dict[Place, None] = field(default_factory=dict)
    follows: dict[str, Follow] = field(default_factory=dict)
    """By topic."""
    _allowances: dict[tuple[str, str], _Allowance] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.session_id = self.actor.session_id

    @property
    def agency_id(self) -> UUID:
        """The agency it is connected to."""
        assert self.actor.agency_id is not None
        return self.actor.agency_id

    @property
    def user_id(self) -> UUID:
        """Whose it is."""
        assert self.actor.user_id is not None
        return self.actor.user_id

    def spend(self, namespace: str, event: str, rate: str) -> None:
        """Take one from what the session may send of an event. Raises TooManyRequests."""
        amount, seconds = _rate(rate)
        now = time.monotonic()
        allowed = self._allowances.setdefault((namespace, event), _Allowance(amount, now))
        allowed.left = min(amount, allowed.left + (now - allowed.at) * amount / seconds)
        allowed.at = now
        if allowed.left < 1:
            raise TooManyRequests(f"{event} may be sent {rate}")
        allowed.left -= 1


class Overtaken(Exception):
    """The rights of the session were asked anew while an event was handled: what it was allowed may not hold."""


class Turn(NamedTuple):
    """One event of a session, with the rights it was admitted by."""

    session: Session
    namespace: str
    actor: Actor
    epoch: int

    @contextmanager
    def still(self) -> Iterator[str]:
        """Keep the session as it is for a moment; gives the socket. Raises Overtaken where its rights have changed."""
        with self.session.lock:
            sid = self.session.sids.get(self.namespace)
            if sid is None or self.session.epoch != self.epoch:
                raise Overtaken
            yield sid


class Sessions:
    """The sessions of this process, by transport."""

    def __init__(self) -> None:
        self._by_transport: dict[str, Session] = {}

    def __iter__(self) -> Iterator[Session]:
        # A copy: they come and go while others look.
        return iter(list(self._by_transport.values()))

    def __len__(self) -> int:
        return len(self._by_transport)

    def get(self, transport: str) -> Session | None:
        """The session of a transport, once somebody has signed in on it."""
        return self._by_transport.get(transport)

    def add(self, session: Session) -> Session:
        """Keep a session; gives the one that is kept already, where there is one."""
        return self._by_transport.setdefault(session.transport, session)

    def drop(self, session: Session) -> None:
        """Forget a session."""
        session.ended = True
        self._by_transport.pop(session.transport, None)


@lru_cache(maxsize=256)
def _rate(text: str) -> tuple[int, int]:
    item = parse(text)
    return item.amount, item.get_expiry()
