"""A table that every agency would share."""

from __future__ import annotations

from core.sdk import Plugin

from . import models

plugin = Plugin(
    name="shared_table",
    version="1.0.0",
    core=">=1.0,<2",
    summary="A sample.",
    models=models,
)
