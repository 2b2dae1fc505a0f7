"""The WSGI application: the API, with the gateway's sockets on the same port where it runs under gevent."""

from __future__ import annotations

from core.app import create_app
from gateway.server import mount

app = create_app()
mount(app)
