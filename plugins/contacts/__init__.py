"""Contacts: the people, households and companies an agency deals with."""

from __future__ import annotations

from core.sdk import Plugin

from . import endpoints, hooks, hookspecs, jobs, models, permissions, repository, settings
from .demo import filling
from .service import imports

plugin = Plugin(
    name="contacts",
    version="1.0.0",
    core=">=1.0,<2",
    summary="The people, households and companies an agency deals with.",
    settings=settings.ContactSettings,
    permissions=permissions.ALL,
    models=models,
    custom_fields=(models.FIELDS,),
    lists=(repository.CONTACTS,),
    imports=(imports.CONTACTS,),
    blueprints=(endpoints.blueprint,),
    demo=filling.fill,
    retention=(jobs.MERGES,),
    hooks=hooks,
    hookspecs=hookspecs,
)
