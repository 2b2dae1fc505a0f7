"""What the vault contributes: its tables, and rewrapping keys by night."""

from __future__ import annotations

from core.plugins.spec import Plugin
from core.vault import jobs, models

plugin = Plugin(
    name="vault",
    version="1.0.0",
    core=">=1.0,<2",
    summary="Keys of people, encrypted columns, blind indexes.",
    models=models,
    jobs=(jobs.rewrap, jobs.rewrap_above),
)
