"""Imports: rows of CSV files and workbooks, checked, brought in and taken back."""

from __future__ import annotations

from core.imports import endpoints, hooks, jobs, models, notices, permissions
from core.plugins.spec import Plugin

plugin = Plugin(
    name="imports",
    version="1.0.0",
    core=">=1.0,<2",
    summary="Imports: rows of CSV files and workbooks, checked, brought in and taken back.",
    permissions=permissions.ALL,
    quotas=permissions.QUOTAS,
    models=models,
    blueprints=(endpoints.blueprint,),
    jobs=(jobs.check, jobs.run, jobs.revert),
    notices=notices.ALL,
    retention=(jobs.FILES,),
    hooks=hooks,
)
