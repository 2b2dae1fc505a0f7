"""Tasks: what members are to do, by when, and what it is about."""

from __future__ import annotations

from core.sdk import Plugin

from . import endpoints, hooks, hookspecs, jobs, models, notices, permissions, settings

plugin = Plugin(
    name="tasks",
    version="1.0.0",
    core=">=1.0,<2",
    summary="What members are to do, by when, and what it is about.",
    after=("contacts",),
    settings=settings.TaskSettings,
    permissions=permissions.ALL,
    models=models,
    blueprints=(endpoints.blueprint,),
    jobs=(jobs.send_reminders,),
    notices=notices.ALL,
    hooks=hooks,
    hookspecs=hookspecs,
)
