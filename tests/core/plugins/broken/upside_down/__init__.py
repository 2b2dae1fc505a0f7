"""A repository that calls the service."""

from __future__ import annotations

from core.sdk import Plugin

plugin = Plugin(
    name="upside_down",
    version="1.0.0",
    core=">=1.0,<2",
    summary="A sample.",
)
