"""CORS: which web pages of other origins may read the answers. Exact origins only, never with credentials."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Request, Response, current_app, g

from core import checks
from core.config import Settings
from core.http.contract import rule_of

_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
_REQUEST_HEADERS = (
    "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, X-Request-ID, traceparent, Device-Token"
)
_READABLE = (
    "ETag, Location, Link, RateLimit, RateLimit-Policy, Retry-After, Idempotency-Replayed, X-Request-ID,"
    " WWW-Authenticate, Content-Disposition, Device-Token"
)
_PREFLIGHT_SECONDS = "600"


def preflight(request: Request) -> Response | None:
    """The same answer to every preflight, so that it tells nothing about what exists; None for other requests."""
    if request.method != "OPTIONS" or "Access-Control-Request-Method" not in request.headers:
        return None
    response = Response(status=204)
    del response.headers["Content-Type"]
    return response


def own() -> str:
    """Where we are reached from outside: scheme, host and port."""
    settings: Settings = current_app.extensions["tripfile.settings"]
    return checks.address(settings).rstrip("/")


def open_to(origins: Sequence[str]) -> None:
    """Let pages of these origins read the answer of a route that is `cross_origin`."""
    g.readable_by = tuple(origins)


def allow(request: Request, response: Response, origins: Sequence[str]) -> Response:
    """Add the CORS headers for a listed origin. `*` (never in production) lets any page read, without credentials."""
    response.vary.add("Origin")
    origin = request.headers.get("Origin", "")
    # `null` is what sandboxed pages and local files send: it is nobody in particular.
    if not origin or origin == "null":
        return response
    if not ("*" in origins or origin in origins or _is_open(request, origin)):
        return response
    response.headers["Access-Control-Allow-Origin"] = "*" if "*" in origins else origin
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = _METHODS
        response.headers["Access-Control-Allow-Headers"] = _REQUEST_HEADERS
        response.headers["Access-Control-Max-Age"] = _PREFLIGHT_SECONDS
    else:
        response.headers["Access-Control-Expose-Headers"] = _READABLE
    return response


def _is_open(request: Request, origin: str) -> bool:
    """Whether the route answers this origin. A preflight is answered the same to all: it does not look who is named."""
    if request.method == "OPTIONS":
        view = current_app.view_functions.get(request.endpoint or "")
        rule = rule_of(view) if view is not None else None
        return rule is not None and rule.cross_origin
    return origin in g.get("readable_by", ())
