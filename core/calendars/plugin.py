"""Calendars: working hours, holidays, and who is away."""

from __future__ import annotations

from core.calendars import endpoints, hooks, models, permissions
from core.plugins.spec import Plugin

plugin = Plugin(
    name="calendars",
    version="1.0.0",
    core=">=1.0,<2",
    summary="Calendars: working hours, holidays, and who is away.",
    permissions=permissions.ALL,
    models=models,
    blueprints=(endpoints.blueprint,),
    hooks=hooks,
)
