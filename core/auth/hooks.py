"""Bearer tokens as a way to say who sends a request."""

from __future__ import annotations

from flask import Request

from core.actor import Actor
from core.auth import principals
from core.plugins.hookspecs import hookimpl


@hookimpl
def authenticate(request: Request) -> Actor | None:
    """The actor of an access token."""
    return principals.from_request(request)
