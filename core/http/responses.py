"""Turn what a view returns into a response, with its ETag, its Location and 304 for what the client has."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from core import disclosure
from core.crypto import digest
from core.errors import PreconditionRequired
from core.http.structs import encode

JSON = "application/json"
READ_CACHE = "private, no-cache"
NO_STORE = "no-store"
NO_SUCH_VERSION = -1
_DIGEST_LENGTH = 12


def shown(result: Any, kind: Any) -> Any:
    """What the caller may see of a view's result, whose declared type is `kind`. Raises Unguardable."""
    if kind is None or result is None or isinstance(result, Response):
        return result
    if isinstance(result, bytes):
        if disclosure.permissions_in(kind):
            raise disclosure.Unguardable(f"{kind} has fields that only some may see: return it, not its bytes")
        return result
    return disclosure.disclosed(result, kind)


def respond(result: Any, *, status: int, credentials: bool) -> Response:
    """A Struct, ready bytes, None or a finished response, as a response."""
    if isinstance(result, Response):
        return _cached(result, credentials=credentials)
    response = _body(result, status)
    version = getattr(result, "version", None)
    if isinstance(version, int):
        response.set_etag(_tag(version, response.get_data()))
        if request.method in {"GET", "HEAD"} and request.if_none_match.contains_weak(response.get_etag()[0] or ""):
            response = _not_modified(response)
    if status == 201 and getattr(result, "id", None) is not None:
        response.headers["Location"] = f"{request.script_root}{request.path.rstrip('/')}/{result.id}"
    return _cached(response, credentials=credentials)


def expected_version() -> int | None:
    """The version that If-Match names, None for `*`; raises PreconditionRequired where it is missing."""
    asked = request.if_match
    if asked.star_tag:
        return None
    # Proxies that compress weaken tags; a version stays exact.
    tags = [*asked.as_set(include_weak=True)]
    if not tags:
        raise PreconditionRequired
    return _version(tags[0]) if len(tags) == 1 else NO_SUCH_VERSION


def _tag(version: int, body: bytes) -> str:
    """The version guards changes; the digest also tells when something shown from another row has changed."""
    return f"v{version}-{digest(body).hex()[:_DIGEST_LENGTH]}"


def _version(tag: str) -> int:
    digits = tag.removeprefix("v").partition("-")[0]
    sound = tag.startswith("v") and digits.isascii() and digits.isdigit() and len(digits) < 19
    # No row has this one: a foreign tag is a lost race (412), not a malformed request.
    return int(digits) if sound else NO_SUCH_VERSION


def _body(result: Any, status: int) -> Response:
    if result is None:
        response = Response(status=status)
        del response.headers["Content-Type"]
        return response
    return Response(result if isinstance(result, bytes) else encode(result), status, content_type=JSON)


def _not_modified(whole: Response) -> Response:
    response = Response(status=304)
    response.headers["ETag"] = whole.headers["ETag"]
    return response


def _cached(response: Response, *, credentials: bool) -> Response:
    if credentials:
        response.headers["Cache-Control"] = NO_STORE
    else:
        response.headers.setdefault("Cache-Control", READ_CACHE)
    return response
