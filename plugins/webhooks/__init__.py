"""Webhooks: signed messages about what happened, sent to addresses an agency chooses."""

from __future__ import annotations

from core.sdk import Plugin

from . import endpoints, followers, hooks, jobs, models, notices, permissions, settings, subscribers

plugin = Plugin(
    name="webhooks",
    version="1.0.0",
    core=">=1.0,<2",
    summary="Send signed messages about what happened to addresses an agency chooses.",
    settings=settings.WebhookSettings,
    permissions=permissions.ALL,
    models=models,
    blueprints=(endpoints.blueprint,),
    jobs=(jobs.deliver, jobs.probe, jobs.release, jobs.recover, jobs.abandon),
    subscribers={
        "webhooks.delivery_replayed": (subscribers.send_again,),
        "webhooks.deliveries_replayed": (subscribers.send_all_again,),
        "webhooks.endpoint_tested": (subscribers.send_test,),
        "webhooks.endpoint_enabled": (subscribers.let_go,),
        "webhooks.endpoint_moved": (subscribers.let_go,),
        "webhooks.endpoint_disabled": (subscribers.give_up,),
    },
    followers=(followers.DELIVERIES,),
    notices=(notices.ENDPOINT_DISABLED,),
    retention=(jobs.FINISHED,),
    hooks=hooks,
)
