"""Bearer tokens as a way to say who sends a request."""

from __future__ import annotations

from flask import Request

from core.actor import Actor
from core.auth.sessions import principals, rotation
from core.http import bearer
from core.plugins.hookspecs import hookimpl


@hookimpl
def authenticate(request: Request) -> Actor | None:
    """The actor of an access token."""
    token = bearer.token_of(request)
    if token is not None and bearer.is_api_key(token):
        return None
    return principals.from_request(request)


@hookimpl
def rate_limit_key(request: Request) -> str | None:
    """Whoever refreshes counts by session: an office full of people shares one address."""
    return rotation.counted_as(request) if request.endpoint == "auth.refresh" else None
