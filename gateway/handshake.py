"""Who connects: a valid access token in the `auth` payload, for the default namespace and for each plugin's own."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from flask import Flask
from socketio.exceptions import ConnectionRefusedError as Refused

from core.auth.api import redeem_ticket
from core.errors import TokenInAddress
from core.http import addresses
from core.realtime.errors import TokenMissing
from core.realtime.protocol import DEFAULT
from gateway import access, work
from gateway.credentials import Credentials
from gateway.rooms import Rooms
from gateway.sessions import Session, Sessions
from gateway.sockets import Sockets
from gateway.topics import Topics


class Handshake:
    """Lets sockets in, and cleans up behind those that leave."""

    def __init__(
        self,
        app: Flask,
        sockets: Sockets,
        sessions: Sessions,
        topics: Topics,
        rooms: Rooms,
        credentials: Credentials,
    ) -> None:
        self._app = app
        self._sockets = sockets
        self._sessions = sessions
        self._topics = topics
        self._rooms = rooms
        self._credentials = credentials

    def connect(self, namespace: str, sid: str, environ: dict[str, Any], auth: Any) -> None:
        """Admit a socket to a namespace, or refuse it with a reason."""
        transport = self._sockets.transport_of(namespace, sid)
        if transport is None:
            return
        with work.event(self._app, socket_event="connect", namespace=namespace):
            try:
                token, address = _token(environ, auth), environ.get("REMOTE_ADDR", "")
                work.persistently(lambda: self._admit(transport, namespace, sid, token, address), reads=True)
            except Exception as error:  # noqa: BLE001 - told to the client, and logged where nobody expected it
                self._undo(transport, namespace, sid)
                problem = work.problem_of(error)
                if problem.status >= 500:
                    # A refusal would be final for the stock client; a closed transport has it try again.
                    self._sockets.close(transport, "Try again in a moment")
                message = problem.detail or problem.title
                raise Refused(message, {"code": problem.code, "message": message}) from None

    def disconnect(self, namespace: str, sid: str) -> None:
        """Forget a socket; its session goes with the last one of its transport."""
        session = self.session_of(namespace, sid)
        if session is not None:
            self._forget(session, namespace, sid)

    def session_of(self, namespace: str, sid: str) -> Session | None:
        """The session of a socket."""
        transport = self._sockets.transport_of(namespace, sid)
        return self._sessions.get(transport) if transport else None

    def _admit(self, transport: str, namespace: str, sid: str, token: str, address: str) -> None:
        session = self._credentials.open(transport, token, address=address)
        epoch = session.epoch
        actor = self._credentials.actor_of(session)
        work.become(actor)
        if namespace != DEFAULT:
            access.to_namespace(namespace, actor)
        session.sids[namespace] = sid
        self._rooms.settle(session, actor, epoch)

    def _undo(self, transport: str, namespace: str, sid: str) -> None:
        session = self._sessions.get(transport)
        if session is not None:
            self._forget(session, namespace, sid)

    def _forget(self, session: Session, namespace: str, sid: str) -> None:
        if session.sids.get(namespace) == sid:
            with session.lock:
                del session.sids[namespace]
            self._rooms.forget(session, namespace)
            if namespace == DEFAULT:
                self._topics.forget(session)
        if not session.sids:
            self._sessions.drop(session)


def _token(environ: dict[str, Any], auth: Any) -> str:
    """The access token of a payload, or the one its ticket stands for. Raises TokenMissing, InvalidToken."""
    query = environ.get("QUERY_STRING", "")
    addresses.refuse_credentials(query)
    if {"token", "ticket"} & parse_qs(query, keep_blank_values=True).keys():
        raise TokenInAddress
    token, ticket = (auth.get("token"), auth.get("ticket")) if isinstance(auth, dict) else (None, None)
    if isinstance(token, str):
        return token
    if not isinstance(ticket, str):
        raise TokenMissing
    return redeem_ticket(ticket)
