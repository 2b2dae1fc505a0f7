"""Invitations: how people join an agency, by a link in a mail."""

from __future__ import annotations

from core.invitations import endpoints, jobs, models, permissions
from core.plugins.spec import Plugin

plugin = Plugin(
    name="invitations",
    version="1.0.0",
    core=">=1.0,<2",
    summary="Invitations: how people join an agency, by a link in a mail.",
    quotas=permissions.QUOTAS,
    models=models,
    blueprints=(endpoints.blueprint,),
    jobs=(jobs.send, jobs.expire),
)
