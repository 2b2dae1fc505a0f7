"""A date of birth that nobody could be erased from."""

from __future__ import annotations

from core.sdk import Plugin

from . import models

plugin = Plugin(
    name="lasting",
    version="1.0.0",
    core=">=1.0,<2",
    summary="A sample.",
    models=models,
)
