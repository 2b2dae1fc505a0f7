"""Roles: named sets of permissions, built in or an agency's own."""

from __future__ import annotations

from core.plugins.spec import Plugin
from core.roles import endpoints, models, permissions

plugin = Plugin(
    name="roles",
    version="1.0.0",
    core=">=1.0,<2",
    summary="Roles: named sets of permissions, built in or an agency's own.",
    permissions=permissions.ALL,
    models=models,
    blueprints=(endpoints.blueprint,),
)
