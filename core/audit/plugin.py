"""Audit: the event log, for those who may read it."""

from __future__ import annotations

from core.audit import endpoints, followers, jobs, keeping, permissions
from core.plugins.spec import Plugin

plugin = Plugin(
    name="audit",
    version="1.0.0",
    core=">=1.0,<2",
    summary="Audit: the event log, for those who may read it.",
    permissions=permissions.ALL,
    quotas=permissions.QUOTAS,
    blueprints=(endpoints.blueprint,),
    jobs=(jobs.note_heads,),
    followers=(followers.SEAL,),
    retention=(keeping.ORIGINS,),
)
