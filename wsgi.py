"""The WSGI application: the API, with the gateway's sockets on the same port where it runs under gevent."""

from __future__ import annotations

import atexit
import gc

from core.app import create_app
from core.db.session import dispose
from core.native import gevent_runs
from gateway.server import mount

app = create_app()
if gevent_runs():
    # Threads cannot hold thousands of sockets; API processes leave `/socket.io` to the gateway's.
    mount(app)
# What is there now stays: looking through it for garbage would take time, and write to pages that workers share.
gc.collect()
gc.freeze()


@atexit.register
def _close() -> None:
    """Give connections back while there is still a loop to do it on."""
    with app.app_context():
        dispose()
