"""Sign-in: passwords, sessions and tokens."""

from __future__ import annotations

from core.auth import endpoints, hooks, jobs, models
from core.plugins.spec import Plugin

plugin = Plugin(
    name="auth",
    version="1.0.0",
    core=">=1.0,<2",
    summary="Sign-in: passwords, sessions and tokens.",
    models=models,
    blueprints=(endpoints.blueprint,),
    jobs=(jobs.forget_revocations,),
    hooks=hooks,
)
