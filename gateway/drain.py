"""A process that is told to end hands its connections over: a few at a time, so that nobody else is stormed."""

from __future__ import annotations

import random
import signal
import threading
import time
from types import FrameType
from typing import Any

import structlog
from flask_socketio import SocketIO

from core.native import gevent_runs
from core.realtime.protocol import DEFAULT, ServerDraining

log = structlog.get_logger()
SPREAD = 5.0
"""Seconds over which connections are closed; well within what the supervisor grants (DRAIN_SECONDS)."""
_AT_LEAST = 100
"""Connections closed in a second where there are few."""
_RESTARTS = 1012


def install(socketio: SocketIO) -> None:
    """Drain on SIGTERM, before the server's own handler lets the process end."""
    server_ends = signal.getsignal(signal.SIGTERM)
    if not gevent_runs() or threading.current_thread() is not threading.main_thread() or not callable(server_ends):
        return
    import gevent

    def begin(number: int, frame: FrameType | None) -> None:
        # A handler of signals must not wait.
        gevent.spawn(drain, socketio)
        server_ends(number, frame)

    signal.signal(signal.SIGTERM, begin)


def drain(socketio: SocketIO) -> None:
    """Take no more connections, tell those there are, close their transports one after the other."""
    server: Any = socketio.server
    if server.eio.draining:
        return
    server.eio.draining = True
    sockets = list(server.eio.sockets.values())
    spread = min(SPREAD, len(sockets) / _AT_LEAST)
    log.info("gateway.draining", connections=len(sockets), seconds=spread)
    server.manager.emit("server.draining", ServerDraining(within=spread), DEFAULT)
    random.shuffle(sockets)
    started = time.monotonic()
    for index, socket in enumerate(sockets):
        ahead = started + spread * index / len(sockets) - time.monotonic()
        if ahead > 0:
            time.sleep(ahead)
        socket.end(_RESTARTS, "The server restarts")
