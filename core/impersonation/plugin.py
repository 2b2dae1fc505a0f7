"""Impersonation: acting as somebody else to help them, for half an hour, with a reason, on the record."""

from __future__ import annotations

from core.impersonation import endpoints, jobs, models, notices
from core.plugins.spec import Plugin

plugin = Plugin(
    name="impersonation",
    version="1.0.0",
    core=">=1.0,<2",
    summary="Impersonation: acting as somebody else to help them, for half an hour, on the record.",
    models=models,
    blueprints=(endpoints.blueprint,),
    jobs=(jobs.note_end,),
    notices=notices.ALL,
)
