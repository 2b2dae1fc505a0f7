"""Every event that a client sends: checked, handled as the person in a unit of work, and answered in one form."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from flask import Flask
from structlog.contextvars import bind_contextvars

from core.disclosure import disclosed, refuse_unsent
from core.errors import Fault, Invalid, Unauthorized
from core.http import decoding
from core.plugins.manager import installed
from core.realtime.emit import Undeclared
from core.realtime.errors import UnknownEvent
from core.realtime.protocol import DEFAULT, REQUESTS, Done, Failed
from core.realtime.spec import Handler
from gateway import access, work
from gateway.credentials import Credentials
from gateway.rooms import Rooms
from gateway.sessions import Overtaken, Session, Turn
from gateway.topics import Topics

_ATTEMPTS = 3


@dataclass(frozen=True)
class _Entrance:
    """What takes an event."""

    accepts: type[msgspec.Struct]
    rate: str
    handle: Callable[[Turn, Any], Any]
    reads: bool = False


class Dispatch:
    """Answers the events of this process' sessions."""

    def __init__(self, app: Flask, topics: Topics, rooms: Rooms, credentials: Credentials) -> None:
        self._app = app
        self._credentials = credentials
        self._calls: Mapping[str, Callable[[Turn, Any], Any]] = {
            "stream.pull": topics.pull,
            "stream.ack": topics.acknowledge,
            "stream.follow": topics.follow,
            "stream.unfollow": topics.unfollow,
            "room.join": rooms.join,
            "room.leave": rooms.leave,
            "room.members": rooms.members,
            "auth.refresh": credentials.refresh,
        }

    def answer(self, session: Session | None, namespace: str, event: Any, sent: tuple[Any, ...]) -> Done | Failed:
        """The acknowledgement of an event; whatever goes wrong, the connection lives."""
        with work.event(self._app):
            try:
                if session is None:
                    raise Unauthorized
                return Done(self._handled(session, namespace, event, sent))
            except Exception as error:  # noqa: BLE001 - told to the client, and logged where nobody expected it
                problem = work.problem_of(error)
                return Failed(problem.code, problem.detail or problem.title, list(problem.errors))

    def _handled(self, session: Session, namespace: str, event: Any, sent: tuple[Any, ...]) -> Any:
        entrance = self._entrance(namespace, event)
        bind_contextvars(socket_event=event, namespace=namespace)
        session.spend(namespace, event, entrance.rate)
        value = _read(sent, entrance.accepts)
        attempt = 1
        while True:
            epoch = session.epoch
            actor = self._credentials.actor_of(session)
            bind_contextvars(user_id=str(actor.user_id), agency_id=str(actor.agency_id))
            try:
                return self._handle(entrance, Turn(session, namespace, actor, epoch), value)
            except Overtaken:
                if attempt == _ATTEMPTS:
                    raise
                attempt += 1

    def _handle(self, entrance: _Entrance, turn: Turn, value: Any) -> Any:
        work.become(turn.actor)
        return work.persistently(lambda: entrance.handle(turn, value), reads=entrance.reads)

    def _entrance(self, namespace: str, event: Any) -> _Entrance:
        request = REQUESTS.get(event) if isinstance(event, str) else None
        side = "default" if namespace == DEFAULT else "plugin"
        if request is not None and request.namespace in (side, "any"):
            return _Entrance(request.accepts, request.rate, self._calls[event], reads=event == "stream.pull")
        plugin = access.namespaces(installed()).get(namespace)
        handler = plugin.sockets.get(event) if plugin is not None and isinstance(event, str) else None
        if handler is None:
            raise UnknownEvent
        return _Entrance(handler.accepts, handler.rate, _plugin_call(event, handler))


def _plugin_call(event: str, handler: Handler) -> Callable[[Turn, Any], Any]:
    def handle(turn: Turn, value: Any) -> Any:
        plugin = access.to_namespace(turn.namespace, turn.actor)
        work.become(turn.actor, handler.permission)
        access.permit(turn.actor, handler.permission, f"socket:{plugin.name}.{event}")
        refuse_unsent(value, handler.accepts)
        answer = handler(value)
        if not isinstance(answer, handler.answers or type(None)):
            raise Undeclared(f"{plugin.name}.{event} answers {type(answer).__name__}, which it does not declare")
        return disclosed(answer)

    return handle


def _read(sent: tuple[Any, ...], kind: type[msgspec.Struct]) -> Any:
    """The one object of an event as its Struct. Raises Invalid with every fault."""
    if len(sent) > 1:
        raise Invalid(errors=[Fault("", "length", "Send one object")])
    try:
        # As text again, so that exactly the checks of the API's bodies apply.
        return decoding.decode(json.dumps(sent[0] if sent else {}).encode(), kind)
    except (TypeError, RecursionError):
        raise Invalid(errors=[Fault("", "type", "Expected an object of plain JSON")]) from None
