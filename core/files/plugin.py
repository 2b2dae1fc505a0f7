"""Files: what is kept for each agency, how much of it, and links that give one file away for a while."""

from __future__ import annotations

from core.files import endpoints, jobs, models
from core.plugins.spec import Plugin

plugin = Plugin(
    name="files",
    version="1.0.0",
    core=">=1.0,<2",
    summary="Files: what is kept for each agency, how much of it, and links that give one file away for a while.",
    models=models,
    public_blueprints=(endpoints.blueprint,),
    jobs=(jobs.remove_bytes, jobs.sweep),
)
