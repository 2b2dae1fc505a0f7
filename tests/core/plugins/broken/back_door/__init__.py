"""Code that reaches into the core."""

from __future__ import annotations

from core.sdk import Plugin

plugin = Plugin(
    name="back_door",
    version="1.0.0",
    core=">=1.0,<2",
    summary="A sample.",
)
