"""SQL as text."""

from __future__ import annotations

from core.sdk import Plugin

plugin = Plugin(
    name="raw_sql",
    version="1.0.0",
    core=">=1.0,<2",
    summary="A sample.",
)
