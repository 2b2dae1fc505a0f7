"""API keys: secrets that let programs act for a member, within some of their rights."""

from __future__ import annotations

from core.api_keys import endpoints, hooks, jobs, models, permissions
from core.plugins.spec import Plugin

plugin = Plugin(
    name="api_keys",
    version="1.0.0",
    core=">=1.0,<2",
    summary="API keys: secrets that let programs act for a member, within some of their rights.",
    permissions=permissions.ALL,
    quotas=permissions.QUOTAS,
    models=models,
    blueprints=(endpoints.blueprint,),
    jobs=(jobs.tell_owner, jobs.forget_ended),
    hooks=hooks,
)
