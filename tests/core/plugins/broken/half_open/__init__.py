"""Fields of an agency's own on rows that no repository knows."""

from __future__ import annotations

from core.sdk import Plugin

from . import models

plugin = Plugin(
    name="half_open",
    version="1.0.0",
    core=">=1.0,<2",
    summary="A sample.",
    models=models,
    custom_fields=(models.FIELDS,),
)
