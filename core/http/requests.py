"""What every request gets: an id, one log line, one measurement, and the security headers."""

from __future__ import annotations

import re
import time

import structlog
from flask import Flask, Request, Response, current_app, g, request
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
_HSTS = "max-age=31536000; includeSubDomains"


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
    g.started = time.perf_counter()
    sent = request.headers.get("X-Request-ID", "")
    g.request_id = sent if _SANE_ID.fullmatch(sent) else str(ids.new())
    bind_contextvars(request_id=g.request_id)
    g.traceparent = _traceparent(request)
    g.trace_id = g.traceparent[3:35] or ids.new().hex
    bind_contextvars(trace_id=g.trace_id)
    if "\0" in request.path:
        raise NotFound
    return origins.preflight(request)


def _protect(response: Response, settings: Settings) -> None:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure or settings.production:
        response.headers.setdefault("Strict-Transport-Security", _HSTS)
    response.headers["X-Request-ID"] = g.get("request_id", "")


def _finish(response: Response) -> Response:
    seconds = time.perf_counter() - g.get("started", time.perf_counter())
    rule = request.url_rule.rule if request.url_rule else ""
    metrics.observe(request, response, seconds)
    # Probes and pages ask every few seconds; what they are told only matters when it is bad news.
    tell = log.debug if _is_internal() and response.status_code < 400 else log.info
    tell(
        "http.request",
        method=request.method,
        route=rule,
        status=response.status_code,
        duration_ms=round(seconds * 1000, 1),
    )
    return response


def _is_internal() -> bool:
    rule = rule_of(current_app.view_functions[request.endpoint]) if request.endpoint else None
    return rule is not None and rule.internal


def _traceparent(asked: Request) -> str:
    """The caller's trace context (W3C), passed on to whatever this request causes."""
    sent = asked.headers.get("traceparent", "")
    return sent if _TRACE.fullmatch(sent) else ""
