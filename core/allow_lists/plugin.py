"""Allow-lists: the networks from which an agency's people and keys may work."""

from __future__ import annotations

from core.allow_lists import endpoints, models, permissions
from core.plugins.spec import Plugin

plugin = Plugin(
    name="allow_lists",
    version="1.0.0",
    core=">=1.0,<2",
    summary="Allow-lists: the networks from which an agency's people and keys may work.",
    permissions=permissions.ALL,
    models=models,
    blueprints=(endpoints.blueprint,),
)
