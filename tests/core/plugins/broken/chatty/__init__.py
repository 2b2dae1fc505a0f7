"""It talks to hosts it does not name."""

from __future__ import annotations

from core.sdk import Plugin

plugin = Plugin(
    name="chatty",
    version="1.0.0",
    core=">=1.0,<2",
    summary="A sample.",
)
