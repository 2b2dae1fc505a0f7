"""Who connects: a socket needs a valid access token in its `auth` payload and joins the rooms of its person."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_socketio import ConnectionRefusedError as Refused
from flask_socketio import SocketIO, join_room

from core.actor import Actor
from core.auth.errors import InvalidToken
from core.auth.principals import principals
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.plugins.manager import installed
from core.realtime import rooms


def install(socketio: SocketIO) -> None:
    """Answer connections on the default namespace."""
    socketio.on_event("connect", _connect)


def _connect(auth: Any = None) -> None:
    actor = _actor(auth)
    for room in (*rooms.of(actor), *_more(actor)):
        join_room(room)


def _actor(auth: Any) -> Actor:
    token = auth.get("token") if isinstance(auth, dict) else None
    if "token" in request.args:
        raise Refused("Send the token in the auth payload, never in the address")
    if not isinstance(token, str):
        raise Refused("Send an access token in the auth payload")
    try:
        return principals().actor_of(token)
    except InvalidToken as refused:
        raise Refused(refused.title) from None


def _more(actor: Actor) -> list[str]:
    with unit_of_work(), acting_as(actor):
        return [room for some in installed().hook.socket_rooms(actor=actor) or [] for room in some or []]
