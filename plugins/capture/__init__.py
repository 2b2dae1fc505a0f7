"""Capture: where leads come in from outside."""

from __future__ import annotations

from core.sdk import Plugin

from . import endpoints, hooks, hookspecs, jobs, models, notices, permissions, repository, settings
from .endpoints import pages, public
from .service import captchas

plugin = Plugin(
    name="capture",
    version="1.0.0",
    core=">=1.0,<2",
    summary="Where leads come in from outside: forms on pages, and hooks that others send to.",
    requires={"contacts": ">=1.0,<2", "leads": ">=1.0,<2"},
    settings=settings.CaptureSettings,
    permissions=permissions.ALL,
    models=models,
    lists=(repository.SUBMISSIONS,),
    blueprints=(endpoints.blueprint,),
    public_blueprints=(public.blueprint,),
    pages=(pages.blueprint,),
    notices=notices.ALL,
    retention=(jobs.SUBMISSIONS, jobs.SPAM),
    egress=captchas.HOSTS,
    hooks=hooks,
    hookspecs=hookspecs,
)
