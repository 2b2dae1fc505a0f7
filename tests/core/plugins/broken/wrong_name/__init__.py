"""A plugin that calls itself something else."""

from __future__ import annotations

from core.sdk import Plugin

plugin = Plugin(
    name="right_name",
    version="1.0.0",
    core=">=1.0,<2",
    summary="A sample.",
)
