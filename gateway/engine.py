"""Engine.IO over WebSocket on gevent: who may connect, heartbeats for all connections from one greenlet."""

from __future__ import annotations

import io
import re
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

import engineio
import gevent
import msgspec
import structlog
from engineio import packet

from gateway import frames, limits, metrics
from gateway.limits import Refused
from gateway.transport import Socket

log = structlog.get_logger()
_HEARTBEAT = frames.text("2")
_NOTHING = io.BytesIO()
_KEY = re.compile(r"[A-Za-z0-9+/]{21}[AQgw]==")
_MORE = {
    405: [("Allow", "GET")],
    426: [("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")],
    503: [("Retry-After", "1")],
}
"""Headers that a refusal also has, by its status."""
_KEPT = {
    "REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL",
    "REMOTE_ADDR", "wsgi.url_scheme", "flask.app",
    "HTTP_HOST", "HTTP_ORIGIN", "HTTP_USER_AGENT", "HTTP_ACCEPT_LANGUAGE", "HTTP_X_REQUEST_ID",
}  # fmt: skip
"""What handlers can ask of the handshake; all of it is kept as long as the connection."""


class Engine(engineio.Server):  # type: ignore[misc]  # engine.io has no annotations
    """The part of an Engine.IO server that we use, with bounds."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.sockets: dict[str, Socket] = {}
        self.draining = False
        self.explain: Callable[[str, Refused], None] = lambda _sid, _refusal: None
        """Tells a connection why it will be closed."""
        self._newcomers: deque[tuple[float, Socket]] = deque()
        # All wait equally long, so the first is always the next.
        self._due: deque[tuple[float, Socket]] = deque()
        self._pulse: gevent.Greenlet | None = None
        self._written: list[Socket] = []

    def handle_request(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Make the request a connection and serve it until it ends, or refuse it."""
        try:
            key = self._admit(environ)
        except Refused as refusal:
            return _refuse(refusal, start_response)
        # The server's own socket: it is closed by the server, when this has been told to stop.
        self._serve(environ["gunicorn.socket"], key, {**_slim(environ), "wsgi.input": _NOTHING})
        raise StopIteration

    def send_packet(self, sid: str, pkt: packet.Packet) -> None:
        """Send a packet to a connection that is still there."""
        socket = self.sockets.get(sid)
        if socket is not None:
            socket.send(pkt)

    def flush_soon(self, socket: Socket) -> None:
        """Send what was written to a connection once the running greenlets have had their turn: together."""
        self._written.append(socket)
        if len(self._written) == 1:
            gevent.get_hub().loop.run_callback(self._flush)

    def _flush(self) -> None:
        written, self._written = self._written, []
        for socket in written:
            socket.flush()

    def received(self, sid: str, message: str) -> None:
        """Hand a message to the application. Raises Refused."""
        try:
            self.handlers["message"](sid, message)
        except Refused:
            raise
        except Exception:
            log.exception("gateway.message_failed")

    def disconnected(self, sid: str, reason: str) -> None:
        """Tell the application that a connection is gone."""
        self._trigger_event("disconnect", sid, reason, run_async=False)

    def shutdown(self) -> None:
        """Stop the heartbeats."""
        if self._pulse is not None:
            self._pulse.kill()

    def _admit(self, environ: dict[str, Any]) -> str:
        """The handshake's key. Raises Refused with a status as its close code."""
        query = parse_qs(environ.get("QUERY_STRING", ""))
        if environ["REQUEST_METHOD"] != "GET":
            raise Refused("method_not_allowed", "Connect with GET", close_code=405)
        if query.get("transport") != ["websocket"] or not _asks_for_upgrade(environ):
            raise Refused("websocket_only", "Connect by WebSocket: transports: ['websocket']", close_code=400)
        if query.get("EIO") != ["4"] or "sid" in query:
            raise Refused(
                "unsupported_version", "Connect with Engine.IO 4 (Socket.IO client 3 or newer)", close_code=400
            )
        if environ.get("HTTP_SEC_WEBSOCKET_VERSION") != "13":
            raise Refused("unsupported_version", "Connect with WebSocket 13 (RFC 6455)", close_code=426)
        key: str = environ.get("HTTP_SEC_WEBSOCKET_KEY", "")
        if not _KEY.fullmatch(key):
            raise Refused("bad_handshake", "Sec-WebSocket-Key is 16 bytes in base64", close_code=400)
        origin = environ.get("HTTP_ORIGIN")
        if origin and not self.cors_allowed_origins(origin, environ):
            raise Refused("origin_refused", "CORS_ORIGIN does not name this origin", close_code=403)
        if self.draining or len(self.sockets) >= limits.MOST_SOCKETS:
            raise Refused("try_elsewhere", "This process takes no more connections; try again", close_code=503)
        return key

    def _serve(self, raw: Any, key: str, environ: dict[str, Any]) -> None:
        sid = self.generate_id()
        socket = self.sockets[sid] = Socket(self, sid, raw)
        metrics.connections.inc()
        try:
            # The server left it blocking, which for gevent means: without a time-out.
            raw.sendall(frames.accept(key) + frames.text("0" + self._opening(sid)))
            self._trigger_event("connect", sid, environ, run_async=False)
            self._watch(socket)
            socket.serve()
        except OSError:
            socket.cut()
        finally:
            socket.close(wait=False, abort=True)
            self.sockets.pop(sid, None)
            metrics.connections.dec()

    def _opening(self, sid: str) -> str:
        return msgspec.json.encode(
            {
                "sid": sid,
                "upgrades": [],
                "pingInterval": int(self.ping_interval * 1000),
                "pingTimeout": int(self.ping_timeout * 1000),
                "maxPayload": limits.LARGEST,
            }
        ).decode()

    def _watch(self, socket: Socket) -> None:
        now = time.monotonic()
        self._newcomers.append((now + limits.WELCOME_SECONDS, socket))
        self._due.append((now + self.ping_interval, socket))
        if self._pulse is None or self._pulse.dead:
            self._pulse = gevent.spawn(self._beat)

    def _beat(self) -> None:
        while self._due:
            now = time.monotonic()
            while self._newcomers and self._newcomers[0][0] <= now:
                self._expect_welcome(self._newcomers.popleft()[1])
            while self._due and self._due[0][0] <= now:
                self._heartbeat(self._due.popleft()[1], now)
            if self._due:
                gevent.sleep(min(max(self._due[0][0] - time.monotonic(), 0.001), 0.5))

    def _heartbeat(self, socket: Socket, now: float) -> None:
        if socket.closed:
            return
        if not socket.answered:
            socket.silent()
            return
        socket.answered = False
        socket.write(_HEARTBEAT)
        self._due.append((now + self.ping_interval, socket))

    def _expect_welcome(self, socket: Socket) -> None:
        if not socket.closed and not socket.welcomed:
            socket.refuse(Refused("not_connected", "No namespace was joined in time"))


def _asks_for_upgrade(environ: dict[str, Any]) -> bool:
    connection = {word.strip() for word in environ.get("HTTP_CONNECTION", "").lower().split(",")}
    return "upgrade" in connection and environ.get("HTTP_UPGRADE", "").lower() == "websocket"


def _slim(environ: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in environ.items() if name in _KEPT}


def _refuse(refusal: Refused, start_response: Any) -> list[bytes]:
    """A problem, as the API answers them."""
    metrics.refused_connections.labels(refusal.code).inc()
    status = {
        400: "400 Bad Request",
        403: "403 Forbidden",
        405: "405 Method Not Allowed",
        426: "426 Upgrade Required",
        503: "503 Service Unavailable",
    }
    problem = {"type": "about:blank", "title": refusal.message, "status": refusal.close_code, "code": refusal.code}
    body = msgspec.json.encode(problem)
    headers = [("Content-Type", "application/problem+json"), ("Content-Length", str(len(body)))]
    headers += _MORE.get(refusal.close_code, ())
    start_response(status[refusal.close_code], headers)
    return [body]
