"""Quotas: how much of something an agency may do in a day."""

from __future__ import annotations

from core.plugins.spec import Plugin
from core.quotas import commands, endpoints, models, permissions

plugin = Plugin(
    name="quotas",
    version="1.0.0",
    core=">=1.0,<2",
    summary="Quotas: how much of something an agency may do in a day.",
    permissions=permissions.ALL,
    models=models,
    blueprints=(endpoints.blueprint,),
    commands=commands.ALL,
)
