"""The Flask application: every request passes the same gates and is one unit of work."""

from __future__ import annotations

import inspect
import random
import time
from collections.abc import Callable
from typing import Any

import structlog
from flask import Flask, Request, Response
from flask.globals import request_ctx
from flask.typing import ResponseReturnValue

from core.config import Settings
from core.db.session import unit_of_work
from core.errors import Forbidden, PreconditionFailed
from core.http import (
    database_errors,
    documents,
    gates,
    health,
    idempotency,
    limits,
    link_pages,
    openapi,
    problems,
    proxies,
    requests,
)
from core.http.contract import Rule, rule_of

log = structlog.get_logger()
_PATIENT_ATTEMPTS = 12
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class Application(Flask):
    """Tripfile's WSGI application. Plugins are mounted on it by `core.plugins.mount`."""

    def __init__(self, settings: Settings) -> None:
        super().__init__("core", static_folder=None)
        self.settings = settings
        self.extensions["tripfile.settings"] = settings
        self.extensions.setdefault("tripfile.routes", {})
        self.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
        self.config["PROPAGATE_EXCEPTIONS"] = False
        self.url_map.strict_slashes = False
        # A redirect would carry the caller's Host header and drop the body of a POST.
        self.url_map.merge_slashes = False
        self.api = openapi.Api(self)
        problems.install(self)
        requests.install(self, settings)
        limits.install(self, settings)
        health.install(self)
        documents.install(self)
        link_pages.install(self)
        # Flask documents this assignment as the way to add WSGI middleware.
        self.wsgi_app = proxies.TrustedProxies(self.wsgi_app, settings.trusted_proxies)  # type: ignore[method-assign]

    def dispatch_request(self) -> ResponseReturnValue:
        """Pass the gates, then run the view in a unit of work; an answer of 400 or more undoes what it did."""
        # Flask's own `request` is looked for at each use of it.
        request = request_ctx.request
        rule = _rule(self, request)
        if rule is None or not rule.internal:
            proxies.check_origin(request, self.settings, origin=rule.origin if rule else "api")
        if request.method not in METHODS:
            raise problems.NotAllowed(headers={"Allow": ", ".join(sorted(METHODS))})
        if request.routing_exception is not None:
            self.raise_routing_exception(request)
        if request.method == "OPTIONS" and getattr(request.url_rule, "provide_automatic_options", False):
            return self.make_default_options_response()
        view = self.view_functions[request.endpoint or ""]
        if rule is None:
            raise Forbidden("This route declares no permission")
        if rule.internal:
            return self._answer(view)
        request.max_content_length = rule.body_limit or self.settings.max_body_bytes
        gates.admit(self, request, rule)
        return self._persistently(view, rule)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """A function that is called as any other: Flask asks for every one before, in and after every request.

        Nothing is remembered of them: what runs after one request alone may hold its secrets.
        """
        code = getattr(func, "__code__", None)
        if code is not None and not code.co_flags & inspect.CO_COROUTINE:
            return func
        return super().ensure_sync(func)

    def _persistently(self, view: Callable[..., Any], rule: Rule) -> Response:
        """Run the view, and once more where the database only lost a race or a read met a dead connection."""
        attempt = 1
        while True:
            try:
                return self._work(view, rule)
            except Exception as error:
                if not _worth_repeating(request_ctx.request, error, attempt):
                    raise
                log.info("request.repeated", attempt=attempt, cause=type(error).__name__)
                time.sleep(random.uniform(0.005, 0.02) * attempt)  # noqa: S311 - jitter, not a secret
                attempt += 1

    def _work(self, view: Callable[..., Any], rule: Rule) -> Response:
        with unit_of_work() as work:
            response = idempotency.once(request_ctx.request, rule, lambda: self._answer(view))
            if response.status_code >= 400:
                work.discard()
        return response

    def _answer(self, view: Callable[..., Any]) -> Response:
        returned: Any = view(**(request_ctx.request.view_args or {}))
        return self.make_response(returned)


def _rule(app: Flask, request: Request) -> Rule | None:
    view = app.view_functions.get(request.endpoint or "")
    return rule_of(view) if view else None


def _worth_repeating(request: Request, error: Exception, attempt: int) -> bool:
    # Whoever names no version wants their change made, whatever became of the row meanwhile.
    any_version = isinstance(error, PreconditionFailed) and request.headers.get("If-Match", "").strip() == "*"
    if any_version:
        return attempt < _PATIENT_ATTEMPTS
    if database_errors.is_lost_race(error):
        return attempt < database_errors.MAX_ATTEMPTS
    return attempt == 1 and request.method in {"GET", "HEAD"} and database_errors.is_dead_connection(error)
