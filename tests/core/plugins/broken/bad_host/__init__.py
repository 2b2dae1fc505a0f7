"""A host that is an address of a page."""

from __future__ import annotations

from core.sdk import Plugin

plugin = Plugin(
    name="bad_host",
    version="1.0.0",
    core=">=1.0,<2",
    summary="A sample.",
    egress=("https://api.example.com/v1",),
)
