"""Durable topics: pulled by number from the database, and followed for hints that they have grown."""

from __future__ import annotations

import threading
from collections import Counter

from core import streams
from core.actor import Actor
from core.disclosure import disclosed
from core.errors import Problem
from core.realtime.protocol import DEFAULT, StreamAck, StreamFollow, StreamHead, StreamLeft, StreamPage, StreamPull
from core.realtime.spec import Topic
from gateway import access
from gateway.sessions import Follow, Session, Turn
from gateway.sockets import Sockets


class Topics:
    """What the sessions of this process follow."""

    def __init__(self, sockets: Sockets) -> None:
        self._sockets = sockets
        self._lock = threading.Lock()
        self._followed: Counter[Follow] = Counter()

    def followed(self) -> list[Follow]:
        """Every stream somebody here follows."""
        with self._lock:
            return list(self._followed)

    def pull(self, turn: Turn, sent: StreamPull) -> StreamPage:
        """What came after a number. From the first pull on the session follows the topic."""
        topic = access.to_topic(sent.topic, turn.actor)
        follow = _follow(topic, turn.actor)
        # Before it reads, so that whatever comes after the page is hinted at.
        self._enter(turn, follow)
        head = streams.head(follow.scope)
        if sent.after >= head:
            return StreamPage([], False, head, head)
        page = topic.pull(sent.after, sent.limit)
        items = disclosed(page.items, list[topic.item])  # type: ignore[name-defined] # a runtime type
        return StreamPage(items, page.more, page.upto, max(head, page.upto))

    def acknowledge(self, turn: Turn, sent: StreamAck) -> None:
        """Mark a topic as seen, where it keeps such marks."""
        topic = access.to_topic(sent.topic, turn.actor)
        if topic.acknowledge is not None:
            topic.acknowledge(sent.upto)

    def follow(self, turn: Turn, sent: StreamFollow) -> StreamHead:
        """Send hints about a topic from now on."""
        follow = _follow(access.to_topic(sent.topic, turn.actor), turn.actor)
        self._enter(turn, follow)
        return StreamHead(sent.topic, streams.head(follow.scope))

    def unfollow(self, turn: Turn, sent: StreamFollow) -> None:
        """Send no more hints about a topic."""
        with turn.session.lock:
            follow = turn.session.follows.get(sent.topic)
            if follow is not None:
                self._leave(turn.session, follow)

    def check(self, session: Session, actor: Actor) -> None:
        """Leave what the person may no longer follow, and tell the client."""
        with session.lock:
            follows = list(session.follows.values())
        for follow in follows:
            code = _refusal(follow, actor)
            if code is None:
                continue
            with session.lock:
                if session.follows.get(follow.topic) == follow:
                    self._leave(session, follow)
            sid = session.sids.get(DEFAULT)
            if sid is not None:
                self._sockets.emit(DEFAULT, "stream.left", StreamLeft(follow.topic, code), to=sid)

    def forget(self, session: Session) -> None:
        """The session has left the default namespace; its socket's rooms are gone already."""
        with session.lock:
            for follow in list(session.follows.values()):
                self._leave(session, follow)

    def _enter(self, turn: Turn, follow: Follow) -> None:
        with turn.still() as sid:
            before = turn.session.follows.get(follow.topic)
            if before == follow:
                return
            if before is not None:
                self._leave(turn.session, before)
            turn.session.follows[follow.topic] = follow
            self._sockets.enter(DEFAULT, sid, follow.room)
            with self._lock:
                self._followed[follow] += 1

    def _leave(self, session: Session, follow: Follow) -> None:
        del session.follows[follow.topic]
        sid = session.sids.get(DEFAULT)
        if sid is not None:
            self._sockets.leave(DEFAULT, sid, follow.room)
        with self._lock:
            self._followed[follow] -= 1
            if self._followed[follow] <= 0:
                del self._followed[follow]


def of(scope: str) -> str:
    """The topic of a scope: the scope's name, or what comes before its colon."""
    return scope.partition(":")[0]


def _follow(topic: Topic, actor: Actor) -> Follow:
    scope = topic.scope(actor)
    if of(scope) != topic.name:
        raise RuntimeError(f"The scope {scope!r} of the topic {topic.name!r} must start with its name")
    assert actor.agency_id is not None
    return Follow(topic.name, actor.agency_id, scope)


def _refusal(follow: Follow, actor: Actor) -> str | None:
    """Why a stream may no longer be followed."""
    try:
        still = _follow(access.to_topic(follow.topic, actor), actor)
    except Problem as problem:
        return problem.code
    return None if still == follow else "moved"
