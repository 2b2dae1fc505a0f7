"""Agencies: tenants, and the brands they trade under."""

from __future__ import annotations

from core.agencies import commands, endpoints, models, permissions
from core.plugins.spec import Plugin

plugin = Plugin(
    name="agencies",
    version="1.0.0",
    core=">=1.0,<2",
    summary="Agencies: tenants, and the brands they trade under.",
    permissions=permissions.ALL,
    models=models,
    blueprints=(endpoints.blueprint,),
    commands=commands.ALL,
)
