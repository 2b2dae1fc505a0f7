"""Cookie mode: a browser keeps the tokens where no script reads them, and proves that its own page sent a request."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

from flask import Flask, Request, Response, after_this_request, g
from msgspec import structs

from core.actor import STAFF, Audience
from core.auth.errors import CrossSite
from core.auth.schemas import Tokens
from core.crypto import equal, keyed_digest
from core.extensions import settings

WISH = "Tripfile-Session"
"""Whoever signs in asks for cookies with this header set to `cookies`, which no form of another site can send."""
CSRF_HEADER = "X-CSRF-Token"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def name_of(kind: str, audience: Audience = STAFF) -> str:
    """The name of a cookie: `access`, `refresh` or `csrf`."""
    # A browser takes this prefix from https alone, for this very host and every path (RFC 6265bis).
    return f"__Host-tripfile-{audience}-{kind}"


def install(app: Flask) -> None:
    """Send what a request put away."""
    app.after_request(_send)


def wish() -> None:
    """Answer with cookies instead of tokens, as the body of the request asks."""
    g.session_cookies = True


def wanted(request: Request) -> bool:
    """Whether tokens are to be answered as cookies: asked for, or the request came with them."""
    return g.get("session_cookies", False) or request.headers.get(WISH, "").lower() == "cookies"


def put_away(tokens: Tokens, session_id: UUID, *, audience: Audience) -> Tokens:
    """Tokens without what goes into cookies, and with the token that a page's requests must show."""
    present = settings()
    shown = csrf_token(session_id)
    access = timedelta(seconds=tokens.expires_in)
    g.cookies_to_send = [
        (name_of("access", audience), tokens.access_token, access),
        (name_of("refresh", audience), tokens.refresh_token, present.jwt_refresh_expiration),
        (name_of("csrf", audience), shown, present.jwt_refresh_expiration),
    ]
    return structs.replace(tokens, access_token="", refresh_token="", csrf_token=shown)


def forget(audience: Audience = STAFF) -> None:
    """Take the cookies back."""
    g.cookies_to_send = [(name_of(kind, audience), "", timedelta()) for kind in ("access", "refresh", "csrf")]
    after_this_request(_clear)


def shown_in(request: Request, kind: str, audience: Audience = STAFF) -> str | None:
    """A token that came as a cookie."""
    return request.cookies.get(name_of(kind, audience)) or None


def check(request: Request, session_id: UUID) -> None:
    """Raise CrossSite unless a request that changes something comes from a page of ours in this very session."""
    g.session_cookies = True
    if request.method in _SAFE:
        return
    if request.headers.get("Origin") not in _origins(request):
        raise CrossSite("Its Origin is not ours")
    sent = request.headers.get(CSRF_HEADER, "").encode("utf-8", "surrogatepass")
    if not equal(sent, csrf_token(session_id).encode()):
        raise CrossSite(f"Send the csrf_token of the session as {CSRF_HEADER}")


def csrf_token(session_id: UUID) -> str:
    """What a page of ours shows: a digest of the session under a key of ours, so that no other session's will do."""
    return keyed_digest(settings().key_for("csrf tokens"), session_id.bytes).hex()


def _origins(request: Request) -> set[str]:
    """Ours: where the request went, and where links in mails lead."""
    base = urlsplit(settings().base_url)
    return {request.host_url.rstrip("/"), *([f"{base.scheme}://{base.netloc}"] if base.netloc else [])}


def _clear(response: Response) -> Response:
    # Not "cookies": the device stays one that is known.
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def _send(response: Response) -> Response:
    if response.status_code >= 400:
        return response
    for name, value, lasting in g.pop("cookies_to_send", ()):
        readable = name.endswith("-csrf")
        response.set_cookie(name, value, max_age=lasting, path="/", secure=True, httponly=not readable, samesite="Lax")
    return response
