"""Jobs: the console of background work, for administrators and for whoever started some."""

from __future__ import annotations

from core.jobs import endpoints, hooks, notices, permissions
from core.jobs.run import JobProgress
from core.plugins.spec import CORE_VERSION, Plugin

plugin = Plugin(
    name="jobs",
    version=CORE_VERSION,
    core=f"=={CORE_VERSION}",
    summary="See, repeat and cancel background work.",
    permissions=permissions.ALL,
    blueprints=(endpoints.blueprint,),
    notices=notices.ALL,
    emits={"progress": JobProgress},
    hooks=hooks,
)
