"""API keys as a way to say who sends a request."""

from __future__ import annotations

from flask import Request

from core.actor import Actor
from core.api_keys.principals import principals
from core.http import bearer
from core.plugins.hookspecs import hookimpl


@hookimpl
def authenticate(request: Request) -> Actor | None:
    """The actor of an API key."""
    token = bearer.token_of(request)
    return principals().actor_of(token) if token is not None and bearer.is_api_key(token) else None
