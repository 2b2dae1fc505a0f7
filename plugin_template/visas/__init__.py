"""Visas: notes an agency keeps, by country."""

from __future__ import annotations

from core.sdk import Plugin

from . import endpoints, models, permissions, settings

plugin = Plugin(
    name="visas",
    version="0.1.0",
    core=">=1.0,<2",
    summary="Notes an agency keeps, by country.",
    settings=settings.NoteSettings,
    permissions=permissions.ALL,
    models=models,
    blueprints=(endpoints.blueprint,),
)
