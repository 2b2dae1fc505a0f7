"""The processes of `tripfile api`: the application is made once, and granian's workers are copies of that process."""

from __future__ import annotations

import multiprocessing
from importlib import import_module

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from core.config import load
from core.native import BLOCKING_THREADS
from core.processes import LINUX

_MODULE = "wsgi"
_SECONDS_TO_END = 30


def serve() -> None:
    """Serve until told to end.

    Workers share the memory of what is imported and made before they begin, which is most of it. So nothing may be
    opened before: connections, threads and files are those of the worker that uses them first.
    """
    if LINUX:
        # What it was by default until Python 3.14.
        multiprocessing.set_start_method("fork")
    # Workers import it as well, and find it.
    import_module(_MODULE)
    settings = load()
    Server(
        f"{_MODULE}:app",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.web_processes,
        blocking_threads=BLOCKING_THREADS,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=_SECONDS_TO_END,
    ).serve()


if __name__ == "__main__":
    serve()
