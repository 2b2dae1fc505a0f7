"""Second factors: authenticator apps, recovery codes and passkeys."""

from __future__ import annotations

from core.factors import endpoints, models, subscribers
from core.plugins.spec import Plugin

plugin = Plugin(
    name="factors",
    version="1.0.0",
    core=">=1.0,<2",
    summary="Second factors: authenticator apps, recovery codes and passkeys.",
    models=models,
    blueprints=(endpoints.blueprint,),
    subscribers=subscribers.ALL,
)
