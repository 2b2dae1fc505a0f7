"""The credential in `Authorization: Bearer`, and which kind it is."""

from __future__ import annotations

from flask import Request

API_KEY = "tripfile_"
"""How every API key begins, and no token does."""


def token_of(request: Request) -> str | None:
    """What was sent as a bearer token; None where nothing was."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() or None if kind.lower() == "bearer" else None


def is_api_key(token: str) -> bool:
    """Whether a bearer token claims to be an API key."""
    return token.startswith(API_KEY)
