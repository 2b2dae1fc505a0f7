"""CORS: which web pages of other origins may read the answers. Exact origins only, never with credentials."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Request, Response

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


def allow(request: Request, response: Response, origins: Sequence[str]) -> Response:
    """Add the CORS headers for a listed origin. `*` (never in production) lets any page read, without credentials."""
    response.vary.add("Origin")
    origin = request.headers.get("Origin", "")
    # `null` is what sandboxed pages and local files send: it is nobody in particular.
    if not origin or origin == "null" or not ("*" in origins or origin in origins):
        return response
    response.headers["Access-Control-Allow-Origin"] = "*" if "*" in origins else origin
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = _METHODS
        response.headers["Access-Control-Allow-Headers"] = _REQUEST_HEADERS
        response.headers["Access-Control-Max-Age"] = _PREFLIGHT_SECONDS
    else:
        response.headers["Access-Control-Expose-Headers"] = _READABLE
    return response
