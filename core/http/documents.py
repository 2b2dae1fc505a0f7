"""Serve the OpenAPI and AsyncAPI documents, a page for each, and what problems mean; all from this machine."""

from __future__ import annotations

import inspect
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from flask import Response, request

from core.crypto import digest
from core.errors import NotFound
from core.http import events_page, problems
from core.http.asyncapi import Asyncapi
from core.http.contract import Rule, declare
from core.http.structs import encode

if TYPE_CHECKING:
    from core.http.application import Application

_ASSETS = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon-32x32.png": "image/png",
    "start.js": "text/javascript",
    "pages.css": "text/css",
}
_PAGE = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tripfile API</title>
<link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="stylesheet" href="/docs/pages.css">
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</head>
<body>{events_page.bar("/docs")}<details class="tripfile-index" open><summary>All operations</summary>
<input type="search" id="filter" placeholder="Filter: a word, an address, POST ..." aria-label="Filter operations">
<div id="tripfile-operations"></div></details><main id="page"></main></body>
</html>
""".encode()
# Swagger UI sets style attributes and draws its icons from data addresses.
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# The page about events has neither scripts nor inline styles.
_STATIC_CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def install(app: Application) -> None:
    """Add `/problems/<code>`, and `/openapi.json`, `/asyncapi.json` and `/docs` where DOCS is on."""
    live = Asyncapi(app)

    def openapi() -> Response:
        return revalidated(app.api.bytes(), "application/json")

    def asyncapi() -> Response:
        return revalidated(live.bytes(), "application/json")

    @cache
    def events() -> bytes:
        return events_page.render(app, live.types()).encode()

    _add(app, "/problems/<code>", "problem", _problem)
    if app.settings.docs:
        _add(app, "/openapi.json", "openapi", openapi)
        _add(app, "/asyncapi.json", "asyncapi", asyncapi)
        _add(app, "/docs", "docs", lambda: _page(_PAGE, _CSP))
        _add(app, "/docs/events", "docs_events", lambda: _page(events(), _STATIC_CSP))
        _add(app, "/docs/<name>", "docs_asset", _asset)


def _add(app: Application, address: str, name: str, view: Any) -> None:
    declare(view, Rule(public=True, internal=True))
    app.add_url_rule(address, name, view, methods=["GET"])


def _page(html: bytes, policy: str) -> Response:
    response = revalidated(html, "text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = policy
    return response


def _asset(name: str) -> Response:
    if name not in _ASSETS:
        raise NotFound
    return revalidated(_read(name), _ASSETS[name])


@cache
def _read(name: str) -> bytes:
    if name in {"start.js", "pages.css"}:
        return (files("core.http") / "pages" / name).read_bytes()
    return (files("flask_swagger_ui") / "dist" / name).read_bytes()


def _problem(code: str) -> Response:
    kind = problems.known().get(code)
    if kind is None:
        raise NotFound
    about = {"code": kind.code, "status": kind.status, "title": kind.title, "detail": inspect.getdoc(kind) or ""}
    return revalidated(encode(about), "application/json")


def revalidated(body: bytes, content_type: str) -> Response:
    """A response that is sent again only when it has changed."""
    response = Response(body, content_type=content_type)
    response.set_etag(digest(body).hex()[:32])
    response.headers["Cache-Control"] = "no-cache"
    response.make_conditional(request)
    return response
