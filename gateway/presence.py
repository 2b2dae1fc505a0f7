"""Who is in a room, over all processes: each announces its own; for people's eyes, nothing may be decided by it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from uuid import UUID

import msgspec

from core.realtime.protocol import PRESENCE_SECONDS, Presence
from gateway.sessions import Place
from gateway.sockets import Sockets

CHANNEL = "presence"
"""Where the bus carries who is where."""
REFRESH = PRESENCE_SECONDS / 3
_LISTED = 100
_ENTRIES = 100
_USERS = 10_000
"""Rooms and people of one announcement; the bus drops what is larger than a megabyte."""


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """Everybody that one process has in one room; nobody any more where the list is empty."""

    namespace: str
    agency_id: UUID
    kind: str
    id: UUID
    users: list[UUID]


class Announced(msgspec.Struct, frozen=True, array_like=True):
    """What a process says about its rooms."""

    origin: str
    entries: list[Entry]
    asks: bool = False
    """It has just come, or missed something: the others say what they have."""


class Presences:
    """Who is in each room, as this process knows it."""

    def __init__(
        self, sockets: Sockets, publish: Callable[[list[Entry], bool], None], wake: Callable[[], None]
    ) -> None:
        self._sockets = sockets
        self._publish = publish
        self._wake = wake
        self._lock = threading.Lock()
        self._here: dict[Place, Counter[UUID]] = {}
        self._elsewhere: dict[Place, dict[str, tuple[frozenset[UUID], float]]] = {}
        self._shown: dict[Place, list[UUID]] = {}
        self._changed: set[Place] = set()
        self._announce: set[Place] = set()
        self._refreshed = time.monotonic()
        self._asked = False

    def enter(self, place: Place, user_id: UUID) -> None:
        """One more socket of a person is in a room."""
        with self._lock:
            self._here.setdefault(place, Counter())[user_id] += 1
            self._note(place)
        self._wake()

    def leave(self, place: Place, user_id: UUID) -> None:
        """One socket of a person has left a room."""
        with self._lock:
            here = self._here.get(place)
            if here is None:
                return
            here[user_id] -= 1
            if here[user_id] <= 0:
                del here[user_id]
            if not here:
                del self._here[place]
            self._note(place)
        self._wake()

    def of(self, place: Place) -> Presence:
        """Who is in a room."""
        with self._lock:
            return _told(place, self._members(place))

    def take(self, announced: Announced) -> None:
        """Take in what another process says."""
        until = time.monotonic() + PRESENCE_SECONDS
        with self._lock:
            for entry in announced.entries:
                self._take(entry, announced.origin, until)
            if announced.asks:
                self._announce.update(self._here)
        self._wake()

    def ask(self) -> None:
        """Have the other processes say what they have, and say it to them: something may have been missed."""
        with self._lock:
            self._asked = True
            self._announce.update(self._here)
        self._wake()

    @property
    def pending(self) -> bool:
        """Whether there is something to flush."""
        return bool(self._changed or self._announce or self._asked)

    def flush(self) -> None:
        """Tell the rooms what has changed in them, and the other processes what has changed here."""
        with self._lock:
            told = [news for place in self._changed if (news := self._news(place)) is not None]
            entries = [self._entry(place) for place in self._announce]
            asks, self._asked = self._asked, False
            self._changed, self._announce = set(), set()
        for place, presence in told:
            self._sockets.emit(place.namespace, "presence", presence, to=place.room)
        for part in _parts(entries) if entries else [[]] if asks else []:
            self._publish(part, asks)

    def tick(self) -> None:
        """Once a second: repeat what is here now and then, and forget those who fell silent."""
        now = time.monotonic()
        with self._lock:
            if now - self._refreshed >= REFRESH:
                self._refreshed = now
                self._announce.update(self._here)
            for place, origins in list(self._elsewhere.items()):
                for origin in [name for name, (_, until) in origins.items() if until <= now]:
                    del origins[origin]
                    self._changed.add(place)
                if not origins:
                    del self._elsewhere[place]

    def _note(self, place: Place) -> None:
        self._changed.add(place)
        self._announce.add(place)

    def _take(self, entry: Entry, origin: str, until: float) -> None:
        place = Place(entry.namespace, entry.agency_id, entry.kind, entry.id)
        users = frozenset(entry.users)
        origins = self._elsewhere.setdefault(place, {})
        before = origins.get(origin, (frozenset[UUID](), 0.0))[0]
        if users:
            origins[origin] = (users, until)
        else:
            origins.pop(origin, None)
        if not origins:
            del self._elsewhere[place]
        if users != before:
            self._changed.add(place)

    def _members(self, place: Place) -> list[UUID]:
        found = set(self._here.get(place, ()))
        for users, _ in self._elsewhere.get(place, {}).values():
            found |= users
        return sorted(found)

    def _news(self, place: Place) -> tuple[Place, Presence] | None:
        """What a room is told, where somebody is here to hear it and it is new."""
        members = self._members(place)
        if place not in self._here:
            self._shown.pop(place, None)
            return None
        if self._shown.get(place) == members:
            return None
        self._shown[place] = members
        return place, _told(place, members)

    def _entry(self, place: Place) -> Entry:
        return Entry(*place, users=list(self._here.get(place, ())))


def _told(place: Place, members: list[UUID]) -> Presence:
    return Presence(place.kind, place.id, members[:_LISTED], len(members))


def _parts(entries: list[Entry]) -> Iterator[list[Entry]]:
    part: list[Entry] = []
    users = 0
    for entry in entries:
        if part and (len(part) >= _ENTRIES or users + len(entry.users) > _USERS):
            yield part
            part, users = [], 0
        part.append(entry)
        users += len(entry.users)
    if part:
        yield part
