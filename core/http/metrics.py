"""Prometheus measurements of requests, by plugin and route, never by address or person."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import structlog
from flask import Flask, Request, Response, current_app
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from core.config import METRICS_FOLDER, plugin_environment

log = structlog.get_logger()
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

requests_total = Counter("tripfile_http_requests", "Requests answered.", ["plugin", "route", "method", "status"])
seconds = Histogram("tripfile_http_request_seconds", "Time to answer.", ["plugin", "route", "method"], buckets=_BUCKETS)
limits_degraded = Gauge(
    "tripfile_limits_degraded",
    "1 while rate limits count in memory because Redis is down.",
    multiprocess_mode="mostrecent",
)


def observe(request: Request, response: Response, duration: float) -> None:
    """Count one answered request. Labels come from the route, so that callers cannot invent new ones."""
    route = current_app.extensions["tripfile.routes"].get(request.endpoint)
    rule = request.url_rule.rule if request.url_rule else "unknown"
    method = request.method if request.method in _METHODS else "other"
    plugin = route.plugin if route else "core"
    _answered(plugin, rule, method, response.status_code).inc()
    _took(plugin, rule, method).observe(duration)


@lru_cache(maxsize=4096)
def _answered(plugin: str, route: str, method: str, status: int) -> Counter:
    # The library looks at each label, at each request.
    return requests_total.labels(plugin, route, method, status)


@lru_cache(maxsize=2048)
def _took(plugin: str, route: str, method: str) -> Histogram:
    return seconds.labels(plugin, route, method)


def at_scrape(app: Flask, measure: Callable[[], None]) -> None:
    """Have something measured whenever the measurements are read; what it raises is logged."""
    app.extensions.setdefault("tripfile.measures", []).append(measure)


def page(app: Flask) -> Response:
    """Everything measured, in Prometheus' text format."""
    for measure in app.extensions.get("tripfile.measures", ()):
        try:
            measure()
        except Exception:
            # The other measurements tell why: the database is away, most likely.
            log.exception("metrics.not_measured")
    limits_degraded.set(app.extensions["tripfile.limits"].degraded)
    return Response(generate_latest(everything()), content_type=CONTENT_TYPE_LATEST)


def everything() -> CollectorRegistry:
    """The measurements of this process, or of all worker processes where they share a folder for them."""
    if METRICS_FOLDER not in plugin_environment():
        return REGISTRY
    shared = CollectorRegistry()
    # The library has no annotations.
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    return shared
