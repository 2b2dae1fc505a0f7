"""The OpenAPI 3.1 document of everything mounted."""

from __future__ import annotations

import threading
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import flask_smorest
import msgspec

from core.http import schemas
from core.http.live_types import wire_types
from core.http.problems import MEDIA_TYPE, ProblemDetails

if TYPE_CHECKING:
    from core.http.application import Application

VERSION = "3.1.0"
API_VERSION = "1.0.0"
_PLACEHOLDER = "x-tripfile-schema"
_PROBLEMS = (400, 401, 403, 404, 409, 410, 412, 413, 414, 415, 422, 428, 429, 500, 502, 503)
_RETRYABLE = {409, 429, 503}
_ABOUT = """The system a travel agency, tour operator or DMC runs on.

Errors are `application/problem+json` (RFC 9457) with a stable `code` and every field at fault in `errors`.
Lists are pages: follow `next` as `cursor`. What has an `ETag` is changed under `If-Match`.

**A token**: send `POST /api/v1/auth/login` with `{"email": "...", "password": "..."}`, on this page as well, under
*Signing in*; put the answer's `access_token` into *Authorize*. It lasts ten minutes; `POST /api/v1/auth/refresh` gives
the next one. Programs send an API key in the same place.

A POST under an `Idempotency-Key` does nothing twice. Answers tell the limits in `RateLimit`; what is over one is 429
with `Retry-After`. What changes credentials, rights and ways in asks for a proof that is at most ten minutes old: on
401 `step_up_required` send `POST /api/v1/auth/prove`."""
_TITLES = {
    "auth": "Signing in",
    "auth_proofs": "Signing in: second factor, passkeys, proofs",
    "auth_links": "Accounts: links by mail",
    "oidc": "Identity providers",
}
"""What groups of operations are called, where the name of their blueprint says little; these come first."""

_STRING = {"type": "string"}
_TAG = {"type": "string", "pattern": r'^(\*|(W/)?"v[0-9]+(-[0-9a-f]+)?")$', "examples": ['"v3"']}
_KEY = {"type": "string", "pattern": "^[!-~]+$", "minLength": 1, "maxLength": 255, "examples": ["5f0c9a52-enquiry-1"]}
_KEY_ABOUT = "Repeat a POST under the same key within 24 hours and get the first answer again; nothing happens twice."
_PARAMETERS: dict[str, Any] = {
    "IfMatch": ("If-Match", True, 'The `ETag` you read, or its version alone as `"v3"`; `*` for any.', _TAG),
    "IfNoneMatch": ("If-None-Match", False, "The `ETag` you have; 304 when it is still current.", _STRING),
    "IdempotencyKey": ("Idempotency-Key", False, _KEY_ABOUT, _KEY),
    "IdempotencyKeyRequired": ("Idempotency-Key", True, _KEY_ABOUT, _KEY),
}
_HEADERS: dict[str, Any] = {
    "ETag": ('The version and a digest of what is shown, as `"v3-0a1b2c3d4e5f"`.', _STRING),
    "Location": ("Where the new thing is.", {"type": "string", "format": "uri-reference"}),
    "RateLimit": ("What is left of each limit, and for how many seconds.", _STRING),
    "RateLimitPolicy": ("The limits that apply: quota and window in seconds.", _STRING),
    "RequestId": ("Quote it when you ask for help.", _STRING),
    "RetryAfter": ("Seconds to wait.", {"type": "integer"}),
    "WWWAuthenticate": ("How to sign in.", _STRING),
    "Allow": ("The methods this address takes.", _STRING),
}


class Api(flask_smorest.Api):  # type: ignore[misc] # flask-smorest ships no types
    """flask-smorest's registry of operations, without its marshmallow parts."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def __init__(self, app: Application) -> None:
        self._kinds: list[Any] = [ProblemDetails]
        self._built: bytes | None = None
        self._building = threading.Lock()
        super().__init__(app, spec_kwargs={"title": "Tripfile", "version": API_VERSION, "openapi_version": VERSION})

    def schema(self, kind: Any) -> dict[str, Any]:
        """Stands for the schema of a type until the document is built from all of them at once."""
        self._kinds.append(kind)
        return {_PLACEHOLDER: len(self._kinds) - 1}

    def check_names(self) -> None:
        """Raise NameTaken when two wire types share a name; much quicker than making the document."""
        live = wire_types(self._app.extensions["tripfile.plugins"])
        schemas.name_apart([*self._kinds, *live], self.strangers())

    def document(self) -> dict[str, Any]:
        """The whole document. Raises NameTaken when two wire types share a name."""
        document: dict[str, Any] = self.spec.to_dict()
        found, components = schemas.build(self._kinds, self.strangers())
        document = _filled(document, found)
        document["info"]["description"] = _ABOUT.replace("/api/v1", self._app.settings.api_prefix)
        _name_groups(document)
        document["servers"] = [{"url": "/"}]
        document["components"] = {**_components(found[0]), "schemas": components}
        _name_operations(document)
        self._app.extensions["tripfile.plugins"].hook.openapi_ready(document=document)
        return document

    def strangers(self) -> dict[str, str]:
        """The top-level modules of plugins that are not built in, with the plugins' names."""
        present = getattr(self._app.extensions["tripfile.plugins"], "present", {})
        return {each.module.split(".")[0]: name for name, each in present.items() if not each.built_in}

    def bytes(self) -> bytes:
        """The document as JSON, made once per process."""
        with self._building:
            if self._built is None:
                self._built = msgspec.json.encode(self.document())
            return self._built

    def _register_responses(self) -> None:
        """Problems are components of ours; flask-smorest's are marshmallow schemas."""

    def _register_pagination_header(self) -> None:
        """Pages tell their cursor in the body."""

    def _register_etag_headers(self) -> None:
        """Tags are headers of ours."""

    def _register_error_handlers(self) -> None:
        """`problems` answers every error."""


def _filled(node: Any, found: list[dict[str, Any]]) -> Any:
    if isinstance(node, dict):
        if _PLACEHOLDER in node:
            return found[node[_PLACEHOLDER]]
        return {name: _filled(member, found) for name, member in node.items()}
    return [_filled(member, found) for member in node] if isinstance(node, list) else node


def _name_groups(document: dict[str, Any]) -> None:
    """Call the groups of operations what people would, those first that everybody needs first."""
    places = {name: place for place, name in enumerate(_TITLES)}
    document["tags"] = sorted(document["tags"], key=lambda tag: places.get(tag["name"], len(places)))
    for tag in document["tags"]:
        tag["name"] = _titled(tag["name"])
    for item in document["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict):
                operation["tags"] = [*map(_titled, operation.get("tags", ()))]


def _titled(name: str) -> str:
    return _TITLES.get(name) or name.replace("_", " ").capitalize()


def _name_operations(document: dict[str, Any]) -> None:
    """Give each operation its id, `leads.create`: what generated clients call it."""
    taken: set[str] = set()
    for address, item in document["paths"].items():
        for method, operation in item.items():
            if method == "parameters":
                continue
            name = operation.get("operationId", "")
            if not name or name in taken:
                raise schemas.NameTaken(f"{method.upper()} {address} needs an operation id of its own, not {name!r}")
            taken.add(name)


def _components(problem: dict[str, Any]) -> dict[str, Any]:
    return {
        "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        "parameters": {
            component: {"name": name, "in": "header", "required": required, "description": about, "schema": schema}
            for component, (name, required, about, schema) in _PARAMETERS.items()
        },
        "headers": {
            component: {"description": about, "schema": schema} for component, (about, schema) in _HEADERS.items()
        },
        "responses": {
            "NotModified": {
                "description": "What you have is current.",
                "headers": {"ETag": {"$ref": "#/components/headers/ETag"}},
            },
            **{f"Problem{status}": _problem(status, problem) for status in _PROBLEMS},
        },
    }


def _problem(status: int, schema: dict[str, Any]) -> dict[str, Any]:
    headers = {"X-Request-ID": {"$ref": "#/components/headers/RequestId"}}
    if status in _RETRYABLE:
        headers["Retry-After"] = {"$ref": "#/components/headers/RetryAfter"}
    if status == 401:
        headers["WWW-Authenticate"] = {"$ref": "#/components/headers/WWWAuthenticate"}
    return {
        "description": HTTPStatus(status).phrase,
        "headers": headers,
        "content": {MEDIA_TYPE: {"schema": schema}},
    }
