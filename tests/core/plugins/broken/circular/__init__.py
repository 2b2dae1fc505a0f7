"""It requires what requires it."""

from __future__ import annotations

from core.sdk import Plugin

plugin = Plugin(
    name="circular",
    version="1.0.0",
    core=">=1.0,<2",
    summary="A sample.",
    requires={"circular": ">=1"},
)
