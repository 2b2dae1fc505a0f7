"""People: identities, memberships and teams."""

from __future__ import annotations

from core.plugins.spec import Plugin
from core.users import endpoints, jobs, models, notices, permissions

plugin = Plugin(
    name="users",
    version="1.0.0",
    core=">=1.0,<2",
    summary="People: identities, memberships and teams.",
    permissions=permissions.ALL,
    models=models,
    blueprints=(endpoints.blueprint,),
    jobs=(jobs.hand_over, jobs.look_again),
    notices=notices.ALL,
)
