"""Socket.IO on the application's port."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from flask_socketio import SocketIO
from werkzeug.sansio.utils import host_is_trusted

from core import checks
from core.config import ConfigurationError, Settings
from core.http.proxies import TrustedProxies
from core.native import gevent_runs
from gateway import drain, packets
from gateway.gateway import Gateway


def mount(app: Flask, **options: Any) -> SocketIO:
    """Attach the gateway to an application: WebSocket only, so that no sticky sessions are needed."""
    if problems := checks.installation_problems():
        raise ConfigurationError(problems)
    settings: Settings = app.extensions["tripfile.settings"]
    socketio = SocketIO(
        app,
        async_mode="gevent" if gevent_runs() else "threading",
        transports=["websocket"],
        cors_allowed_origins=_origins(settings),
        async_handlers=False,
        always_connect=False,
        manage_session=False,
        **options,
    )
    # Flask-SocketIO makes a stock server; ours is put in its place before anything is registered with it.
    socketio.server = packets.Server(**socketio.server_options)
    socketio.sockio_mw.engineio_app = socketio.server
    # Sockets do not pass Flask's stack, and are told the same about the caller. Flask documents the assignment.
    app.wsgi_app = TrustedProxies(app.wsgi_app, settings.trusted_proxies)  # type: ignore[method-assign]
    drain.install(socketio)
    app.extensions["tripfile.gateway"] = Gateway(app, socketio.server)
    return socketio


def _origins(settings: Settings) -> Callable[[str, dict[str, Any]], bool]:
    """Whether a page of an origin may connect: one of CORS_ORIGIN, that of BASE_URL, or the address it asked."""
    base = urlsplit(settings.base_url)
    listed = {*settings.cors_origin, f"{base.scheme}://{base.netloc}"}

    def allowed(origin: str, environ: dict[str, Any]) -> bool:
        host = environ.get("HTTP_HOST", "")
        own = host_is_trusted(host, list(settings.trusted_hosts) or None)
        return "*" in listed or origin in listed or (own and origin == f"{environ.get('wsgi.url_scheme')}://{host}")

    return allowed
