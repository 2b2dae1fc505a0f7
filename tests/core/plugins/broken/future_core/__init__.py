"""A plugin for a core that does not exist yet."""

from __future__ import annotations

from core.sdk import Plugin

plugin = Plugin(
    name="future_core",
    version="1.0.0",
    core=">=9",
    summary="A sample.",
)
