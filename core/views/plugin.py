"""Views: lists as people like to see them, kept under a name."""

from __future__ import annotations

from core.plugins.spec import Plugin
from core.views import endpoints, hooks, models, permissions

plugin = Plugin(
    name="views",
    version="1.0.0",
    core=">=1.0,<2",
    summary="Views: lists as people like to see them, kept under a name.",
    permissions=permissions.ALL,
    models=models,
    blueprints=(endpoints.blueprint,),
    hooks=hooks,
)
