"""Custom fields: what an agency adds to leads, contacts and other things."""

from __future__ import annotations

from core.custom_fields import endpoints, hooks, models, permissions
from core.plugins.spec import Plugin

plugin = Plugin(
    name="custom_fields",
    version="1.0.0",
    core=">=1.0,<2",
    summary="Custom fields: what an agency adds to leads, contacts and other things.",
    permissions=permissions.ALL,
    models=models,
    blueprints=(endpoints.blueprint,),
    hooks=hooks,
)
