"""Socket.IO on the application's port."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_socketio import SocketIO
from socketio import RedisManager

from core.native import gevent_runs
from gateway import handshake


def mount(app: Flask, **options: Any) -> SocketIO:
    """Attach the gateway to an application: WebSocket only, so that no sticky sessions are needed."""
    settings = app.extensions["tripfile.settings"]
    if settings.redis_url:
        # Not by `message_queue`: Flask-SocketIO would hand the path of a Unix socket to kombu.
        options = {"client_manager": RedisManager(settings.redis_url), **options}
    socketio = SocketIO(
        app,
        async_mode="gevent" if gevent_runs() else "threading",
        transports=["websocket"],
        cors_allowed_origins=list(settings.cors_origin) or None,
        async_handlers=False,
        always_connect=False,
        max_http_buffer_size=1_000_000,
        **options,
    )
    handshake.install(socketio)
    return socketio
