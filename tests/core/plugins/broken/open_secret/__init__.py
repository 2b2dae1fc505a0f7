"""A secret that would be printed."""

from __future__ import annotations

from core.sdk import Plugin

from . import settings

plugin = Plugin(
    name="open_secret",
    version="1.0.0",
    core=">=1.0,<2",
    summary="A sample.",
    settings=settings.Settings,
)
