"""A file that is not on the list."""

from __future__ import annotations

from core.sdk import Plugin

plugin = Plugin(
    name="stray_file",
    version="1.0.0",
    core=">=1.0,<2",
    summary="A sample.",
)
