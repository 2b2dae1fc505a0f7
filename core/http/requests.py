"""What every request gets: an id, one log line, one measurement, and the security headers."""

from __future__ import annotations

import re
import time

import structlog
from flask import Flask, Request, Response, current_app, g, request
from flask.globals import app_ctx, request_ctx
from structlog.contextvars import bind_contextvars, clear_contextvars

from core import ids
from core.config import Settings
from core.errors import NotFound
from core.http import metrics, origins
from core.http.contract import rule_of
from core.uploads import spool

log = structlog.get_logger()

_SANE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
# Version ff and ids of zeros are none (W3C Trace Context, 3.2.2).
_TRACE = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    # Pages of listed origins read by CORS, which this does not touch; no page draws our answers as a picture or script.
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Permitted-Cross-Domain-Policies": "none",
}
_HEADERS_OF_TLS = _HEADERS | {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}


def install(app: Flask, settings: Settings) -> None:
    """Begin and end every request of an application."""

    def protect(response: Response) -> Response:
        _protect(response, settings)
        return origins.allow(request, response, settings.cors_origin)

    app.before_request(_begin)
    spool.install(app)
    # Flask runs these last to first.
    app.after_request(_finish)
    app.after_request(protect)


def _begin() -> Response | None:
    clear_contextvars()
    # Flask's own `g` and `request` are looked for at each use of them.
    asked, known = request_ctx.request, app_ctx.g
    known.started = time.perf_counter()
    sent = asked.headers.get("X-Request-ID", "")
    known.request_id = sent if _SANE_ID.fullmatch(sent) else str(ids.new())
    known.traceparent = _traceparent(asked)
    known.trace_id = known.traceparent[3:35] or ids.new().hex
    bind_contextvars(request_id=known.request_id, trace_id=known.trace_id)
    if "\0" in asked.path:
        raise NotFound
    return origins.preflight(asked)


def _protect(response: Response, settings: Settings) -> None:
    headers = _HEADERS_OF_TLS if settings.production or request.is_secure else _HEADERS
    # Not setdefault: each of eight would go through all that are there.
    there = {name.lower() for name, _ in response.headers}
    response.headers.extend([(name, value) for name, value in headers.items() if name.lower() not in there])
    response.headers["X-Request-ID"] = g.get("request_id", "")


def _finish(response: Response) -> Response:
    asked = request_ctx.request
    seconds = time.perf_counter() - g.get("started", time.perf_counter())
    rule = asked.url_rule.rule if asked.url_rule else ""
    metrics.observe(asked, response, seconds)
    # Probes and pages ask every few seconds; what they are told only matters when it is bad news.
    tell = log.debug if _is_internal(asked) and response.status_code < 400 else log.info
    tell(
        "http.request",
        method=asked.method,
        route=rule,
        status=response.status_code,
        duration_ms=round(seconds * 1000, 1),
    )
    return response


def _is_internal(asked: Request) -> bool:
    rule = rule_of(current_app.view_functions[asked.endpoint]) if asked.endpoint else None
    return rule is not None and rule.internal


def _traceparent(asked: Request) -> str:
    """The caller's trace context (W3C), passed on to whatever this request causes."""
    sent = asked.headers.get("traceparent", "")
    return sent if _TRACE.fullmatch(sent) else ""
