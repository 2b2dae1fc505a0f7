"""A hook that does not exist."""

from __future__ import annotations

from core.sdk import hookimpl


@hookimpl
def app_reddy(app: object) -> None:
    """Never runs."""
