"""A permission without the plugin's prefix."""

from __future__ import annotations

from core.sdk import Plugin

from . import permissions

plugin = Plugin(
    name="loose_permission",
    version="1.0.0",
    core=">=1.0,<2",
    summary="A sample.",
    permissions=permissions.ALL,
)
