"""Whether this process lives, and whether it can serve: `/health/live`, `/health/ready` and `/metrics`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any, Literal

import psycopg
import structlog
from flask import Response, request
from msgspec import Struct

from core.config import Settings
from core.db.read import connect_options
from core.db.roles import SYSTEM_PROBE
from core.errors import NotFound
from core.http import counters, metrics, proxies
from core.http.contract import Rule, declare
from core.http.structs import encode
from core.telemetry import masked

if TYPE_CHECKING:
    from core.http.application import Application

log = structlog.get_logger()

TIMEOUT = 2.0
"""Seconds all checks together may take."""
HARD = frozenset({"database"})
"""Without these nothing works; without the others some of it does."""
Check = Callable[[], None]


class CheckReport(Struct, frozen=True, kw_only=True):
    """How one check went."""

    status: Literal["ok", "failed", "timeout"]
    detail: str = ""
    milliseconds: float = 0.0


class Readiness(Struct, frozen=True, kw_only=True):
    """Whether requests can be served, and what each check said."""

    status: Literal["ok", "degraded", "down"]
    checks: dict[str, CheckReport]


def install(app: Application) -> None:
    """Add the health routes, and `/metrics` where METRICS is on."""
    # A check that hangs keeps its thread; the bound keeps a hanging service from taking more.
    pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="health")

    def ready() -> Response:
        report = readiness(_checks(app), pool)
        status = 503 if report.status == "down" else 200
        # What fails, and how, is for those who look after it.
        told = report if proxies.is_inside(request, app.settings) else Readiness(status=report.status, checks={})
        return _plain(Response(encode(told), status, content_type="application/json"))

    def measured() -> Response:
        if not proxies.is_inside(request, app.settings):
            raise NotFound
        return _plain(metrics.page(app))

    _add(app, "/health/live", "live", _live)
    _add(app, "/health/ready", "ready", ready)
    if app.settings.metrics:
        _add(app, "/metrics", "metrics", measured)


def readiness(checks: Mapping[str, Check], pool: ThreadPoolExecutor) -> Readiness:
    """Run every check at the same time, none longer than TIMEOUT."""
    started = {name: pool.submit(_timed, check) for name, check in checks.items()}
    wait(started.values(), timeout=TIMEOUT)
    reports = {name: _report(name, future) for name, future in started.items()}
    failed = {name for name, report in reports.items() if report.status != "ok"}
    status: Literal["ok", "degraded", "down"] = "down" if failed & HARD else "degraded" if failed else "ok"
    return Readiness(status=status, checks=reports)


def _live() -> Response:
    return _plain(Response(b'{"status":"ok"}', content_type="application/json"))


def _checks(app: Application) -> dict[str, Check]:
    checks: dict[str, Check] = {"database": lambda: _database(app.settings)}
    if app.settings.redis_url:
        checks["redis"] = lambda: _redis(app)
    for contributed in app.extensions["tripfile.plugins"].hook.health_checks():
        checks |= {name: _in_context(app, check) for name, check in contributed.items() if name not in checks}
    return checks


def _in_context(app: Application, check: Check) -> Check:
    def run() -> None:
        with app.app_context():
            check()

    return run


def _database(settings: Settings) -> None:
    """Ask as both roles that serve, on connections of its own: a busy pool is not a database that is down."""
    options = {**connect_options(settings), "connect_timeout": int(TIMEOUT)}
    for url, question in ((settings.database_url, "SELECT 1"), (settings.database_system_url, SYSTEM_PROBE)):
        address = url.get_secret_value() if url else ""
        with psycopg.connect(address, autocommit=True, prepare_threshold=None, **options) as connection:
            connection.execute(question)


def _redis(app: Application) -> None:
    if app.extensions["tripfile.limits"].degraded:
        raise ConnectionError("Rate limits are counted in memory")
    client = counters.connect(app.settings.redis_url or "")
    try:
        client.ping()
    finally:
        client.close()


def _timed(check: Check) -> float:
    begun = time.perf_counter()
    check()
    return round((time.perf_counter() - begun) * 1000, 1)


def _report(name: str, future: Future[float]) -> CheckReport:
    if not future.done():
        future.cancel()
        log.warning("health.timeout", check=name)
        return CheckReport(status="timeout", detail=f"No answer within {TIMEOUT:g} seconds")
    error = future.exception()
    if error is None:
        return CheckReport(status="ok", milliseconds=future.result())
    log.warning("health.failed", check=name, cause=masked(str(error)))
    # The message may hold addresses and names; the kind of error is enough outside.
    return CheckReport(status="failed", detail=type(error).__name__)


def _plain(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


def _add(app: Application, address: str, name: str, view: Any) -> None:
    declare(view, Rule(public=True, internal=True))
    app.add_url_rule(address, name, view, methods=["GET"])
