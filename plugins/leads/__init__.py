"""Leads: capture, qualify and hand over travel enquiries."""

from __future__ import annotations

from core.sdk import Plugin

from . import (
    endpoints,
    followers,
    hooks,
    hookspecs,
    jobs,
    models,
    notices,
    permissions,
    repository,
    settings,
    sockets,
    subscribers,
)
from .demo import filling
from .endpoints import corrections, rules, scores
from .service import imports

plugin = Plugin(
    name="leads",
    version="1.0.0",
    core=">=1.0,<2",
    summary="Capture, qualify and hand over travel enquiries.",
    requires={"contacts": ">=1.0,<2"},
    after=("tasks",),
    settings=settings.LeadSettings,
    permissions=permissions.ALL,
    models=models,
    custom_fields=(models.FIELDS,),
    lists=(repository.LEADS,),
    imports=(imports.LEADS,),
    blueprints=(endpoints.blueprint, rules.blueprint, scores.blueprint, corrections.blueprint),
    jobs=(
        *(jobs.find_idle_leads, jobs.find_leads_that_come_back, jobs.find_overdue_responses),
        *(jobs.score_every_night, jobs.score_open, jobs.score_some),
    ),
    subscribers={
        "leads.first_response_due": (subscribers.look_when_due,),
        **dict.fromkeys(subscribers.OF_SCORING, (subscribers.score_all,)),
    },
    followers=(followers.SCORES,),
    sockets={"typing": sockets.typing},
    emits=sockets.EMITS,
    rooms=(sockets.LEAD,),
    notices=notices.ALL,
    retention=(jobs.LOST, jobs.MERGES),
    demo=filling.fill,
    hooks=hooks,
    hookspecs=hookspecs,
)
