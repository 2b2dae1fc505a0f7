"""The rooms a session is in: those the server chooses for a person, and those joined by id on request."""

from __future__ import annotations

from core.actor import Actor
from core.errors import Problem
from core.plugins.manager import installed
from core.plugins.spec import Plugin
from core.realtime import rooms
from core.realtime.errors import RoomRefused, TooManyRooms
from core.realtime.protocol import DEFAULT, MAX_ROOMS, Presence, RoomLeft, RoomOf
from gateway import access
from gateway.presence import Presences
from gateway.sessions import Overtaken, Place, Session, Turn
from gateway.sockets import Sockets


class Rooms:
    """Puts the sessions of this process into rooms and takes them out."""

    def __init__(self, sockets: Sockets, presences: Presences) -> None:
        self._sockets = sockets
        self._presences = presences

    def join(self, turn: Turn, sent: RoomOf) -> Presence:
        """Be in a room, and see who else is. Raises RoomRefused, Forbidden, PluginOff, TooManyRooms."""
        session = turn.session
        place = Place(turn.namespace, session.agency_id, sent.kind, sent.id)
        access.to_room(access.to_namespace(turn.namespace, turn.actor), sent.kind, sent.id, turn.actor)
        with turn.still() as sid:
            if place not in session.places:
                if len(session.places) >= MAX_ROOMS:
                    raise TooManyRooms(f"A connection may be in {MAX_ROOMS} rooms")
                session.places[place] = None
                self._sockets.enter(place.namespace, sid, place.room)
                self._presences.enter(place, session.user_id)
        return self._presences.of(place)

    def leave(self, turn: Turn, sent: RoomOf) -> None:
        """Be in a room no more."""
        self._leave(turn.session, Place(turn.namespace, turn.session.agency_id, sent.kind, sent.id))

    def members(self, turn: Turn, sent: RoomOf) -> Presence:
        """Who is in a room one is in. Raises RoomRefused."""
        place = Place(turn.namespace, turn.session.agency_id, sent.kind, sent.id)
        if place not in turn.session.places:
            raise RoomRefused("Join the room first")
        return self._presences.of(place)

    def settle(self, session: Session, actor: Actor, epoch: int) -> None:
        """Have the session in exactly the rooms that the server chooses for its person. Raises Overtaken."""
        wanted = frozenset((*rooms.of(actor), *_more(actor)))
        with session.lock:
            if session.epoch != epoch:
                raise Overtaken
            for namespace, sid in session.sids.items():
                before = session.own_rooms.get(namespace, frozenset())
                session.own_rooms[namespace] = wanted
                for room in wanted - before:
                    self._sockets.enter(namespace, sid, room)
                for room in before - wanted:
                    self._sockets.leave(namespace, sid, room)

    def check(self, session: Session, actor: Actor) -> None:
        """Leave what the person may no longer be in, and tell the client."""
        with session.lock:
            namespaces = [namespace for namespace in session.sids if namespace != DEFAULT]
        for namespace in namespaces:
            try:
                plugin = access.to_namespace(namespace, actor)
            except Problem as problem:
                self._dismiss(session, namespace, problem.code)
            else:
                self._check_places(session, namespace, plugin, actor)

    def forget(self, session: Session, namespace: str) -> None:
        """The session has left a namespace; its socket's rooms are gone already."""
        with session.lock:
            session.own_rooms.pop(namespace, None)
        for place in _places(session, namespace):
            self._leave(session, place)

    def _check_places(self, session: Session, namespace: str, plugin: Plugin, actor: Actor) -> None:
        for place in _places(session, namespace):
            try:
                access.to_room(plugin, place.kind, place.id, actor)
            except Problem as problem:
                self._expel(session, place, problem.code)

    def _dismiss(self, session: Session, namespace: str, code: str) -> None:
        for place in _places(session, namespace):
            self._expel(session, place, code)
        sid = session.sids.get(namespace)
        if sid is not None:
            self._sockets.dismiss(namespace, sid)

    def _expel(self, session: Session, place: Place, code: str) -> None:
        self._leave(session, place)
        sid = session.sids.get(place.namespace)
        if sid is not None:
            self._sockets.emit(place.namespace, "room.left", RoomLeft(place.kind, place.id, code), to=sid)

    def _leave(self, session: Session, place: Place) -> None:
        with session.lock:
            if place not in session.places:
                return
            del session.places[place]
            sid = session.sids.get(place.namespace)
            if sid is not None:
                self._sockets.leave(place.namespace, sid, place.room)
            self._presences.leave(place, session.user_id)


def _places(session: Session, namespace: str) -> list[Place]:
    with session.lock:
        return [place for place in session.places if place.namespace == namespace]


def _more(actor: Actor) -> list[str]:
    """What plugins add. The agency is put before each name: nobody gets into another one's room, whatever is said."""
    assert actor.agency_id is not None
    told = installed().hook.socket_rooms(actor=actor) or []
    return [rooms.named(actor.agency_id, room) for some in told for room in some or ()]
