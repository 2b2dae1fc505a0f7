"""Notifications: people are told what concerns them, as they prefer, stored first and then pushed."""

from __future__ import annotations

from core.sdk import Plugin

from . import endpoints, followers, hooks, hookspecs, jobs, models, notices, schemas, settings, sockets

plugin = Plugin(
    name="notifications",
    version="1.0.0",
    core=">=1.0,<2",
    summary="Tell people what concerns them, as they prefer.",
    settings=settings.NotificationSettings,
    models=models,
    blueprints=(endpoints.blueprint,),
    jobs=(jobs.tell, jobs.send_digests, jobs.push_notification, jobs.push_again),
    followers=(followers.GATHER,),
    notices=(notices.DIGEST,),
    retention=(jobs.READ,),
    topics=(sockets.TOPIC,),
    emits={"read": schemas.ReadReceipt},
    hooks=hooks,
    hookspecs=hookspecs,
)
