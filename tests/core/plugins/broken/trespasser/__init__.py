"""It uses the inside of a neighbour."""

from __future__ import annotations

from core.sdk import Plugin

plugin = Plugin(
    name="trespasser",
    version="1.0.0",
    core=">=1.0,<2",
    summary="A sample.",
    requires={"contacts": ">=1"},
)
