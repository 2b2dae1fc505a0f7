"""The product's web process with one more address, whose answer is 100 ms of native work."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from core.native import in_lane
from wsgi import app as product

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """What is served."""
    if environ["PATH_INFO"] != "/busy":
        return product(environ, start_response)
    in_lane(_work)
    start_response("200 OK", [("Content-Length", "0")])
    return [b""]


def _work() -> None:
    ends = time.monotonic() + 0.1
    while time.monotonic() < ends:
        # Without the GIL, as rendering and decoding of images do it.
        hashlib.pbkdf2_hmac("sha256", b"x", b"y", 10_000)
