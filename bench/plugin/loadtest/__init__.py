"""Load for the benchmarks, in a plugin like anybody's: an emit to a whole agency, and a job that does nothing."""

from __future__ import annotations

from core.sdk import Plugin

from . import endpoints, jobs, permissions, schemas

plugin = Plugin(
    name="loadtest",
    version="1.0.0",
    core=">=1.0,<2",
    summary="Load for the benchmarks.",
    permissions=permissions.ALL,
    blueprints=(endpoints.blueprint,),
    emits={"note": schemas.BenchNote},
    jobs=(jobs.nothing,),
)
