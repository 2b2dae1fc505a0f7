"""Sign-in through an agency's own identity provider, by OpenID Connect."""

from __future__ import annotations

from core.oidc import commands, endpoints, jobs, models, permissions
from core.plugins.spec import Plugin

plugin = Plugin(
    name="oidc",
    version="1.0.0",
    core=">=1.0,<2",
    summary="Sign-in through an agency's own identity provider, by OpenID Connect.",
    permissions=permissions.ALL,
    models=models,
    blueprints=(endpoints.blueprint,),
    jobs=(jobs.look_at_domains, jobs.look_at_domain),
    commands=commands.ALL,
)
