"""Readiness: an installation in production that cannot write to anybody says so."""

from __future__ import annotations

from collections.abc import Callable

from flask import current_app

from core.config import Settings
from core.mail import delivery
from core.plugins.hookspecs import hookimpl


class NotConfigured(RuntimeError):
    """No mail server is set."""


@hookimpl
def health_checks() -> dict[str, Callable[[], None]]:
    """Whether mail is configured; whether the server answers is for `tripfile check`, not for every probe."""
    return {"mail": _configured}


def _configured() -> None:
    settings: Settings = current_app.extensions["tripfile.settings"]
    lacking = delivery.missing(settings)
    if lacking is not None:
        raise NotConfigured(lacking)
