"""Notifications over HTTP: everybody reads and sets their own."""

from __future__ import annotations

from uuid import UUID

from core.sdk import Blueprint, ListQuery, Page

from .repository.choices import Mutes
from .repository.stored import Notifications
from .schemas import (
    MuteView,
    NotificationView,
    PreferencesPatch,
    PreferencesView,
    PushDraft,
    PushSecretView,
    PushView,
    ReadUpto,
    UnreadView,
)
from .service import mutes, preferences, push, reading

blueprint = Blueprint("notifications", description="What you are told, and how you want to be told.")


@blueprint.get("/", signed_in=True)
@blueprint.listing(Notifications.listing)
@blueprint.response(200, Page[NotificationView])
def search(query: ListQuery) -> Page[NotificationView]:
    """List your notifications, the newest first."""
    return reading.rows(query)


@blueprint.get("/unread", signed_in=True)
@blueprint.response(200, UnreadView)
def count_unread() -> UnreadView:
    """Count what you have not read."""
    return reading.unread()


@blueprint.post("/read", signed_in=True)
@blueprint.arguments(ReadUpto)
@blueprint.response(200, UnreadView)
def read_upto(body: ReadUpto) -> UnreadView:
    """Mark everything up to a number as read."""
    return reading.read_upto(body.upto)


@blueprint.get("/<uuid:notification_id>", signed_in=True)
@blueprint.response(200, NotificationView)
def show(notification_id: UUID) -> NotificationView:
    """Show one of your notifications."""
    return reading.view(notification_id)


@blueprint.post("/<uuid:notification_id>/read", signed_in=True)
@blueprint.response(200, NotificationView)
def read(notification_id: UUID) -> NotificationView:
    """Mark a notification as read."""
    return reading.read(notification_id)


@blueprint.get("/preferences", signed_in=True)
@blueprint.response(200, PreferencesView)
def show_preferences() -> PreferencesView:
    """Show how you want to be told what."""
    return preferences.view()


@blueprint.patch("/preferences", signed_in=True)
@blueprint.arguments(PreferencesPatch)
@blueprint.response(200, PreferencesView)
def change_preferences(patch: PreferencesPatch) -> PreferencesView:
    """Choose how you want to be told what."""
    return preferences.change(patch)


@blueprint.get("/mutes", signed_in=True)
@blueprint.listing(Mutes.listing)
@blueprint.response(200, Page[MuteView])
def search_mutes(query: ListQuery) -> Page[MuteView]:
    """List what you have muted."""
    return mutes.rows(query)


@blueprint.put("/mutes/<uuid:subject_id>", signed_in=True)
@blueprint.response(200, MuteView)
def mute(subject_id: UUID) -> MuteView:
    """Hear nothing more about a lead, a trip or anything else."""
    return mutes.mute(subject_id)


@blueprint.delete("/mutes/<uuid:subject_id>", signed_in=True)
@blueprint.response(204)
def unmute(subject_id: UUID) -> None:
    """Hear about it again."""
    mutes.unmute(subject_id)


@blueprint.get("/push", signed_in=True)
@blueprint.response(200, PushView)
def show_push() -> PushView:
    """Show where your notifications are pushed to."""
    return push.view()


@blueprint.put("/push", signed_in=True, credentials=True)
@blueprint.arguments(PushDraft)
@blueprint.response(200, PushSecretView)
def set_up_push(draft: PushDraft) -> PushSecretView:
    """Have your notifications pushed to an address; the secret that signs them is shown this once."""
    return push.set_up(draft)


@blueprint.delete("/push", signed_in=True)
@blueprint.response(204)
def take_away_push() -> None:
    """Push your notifications nowhere any more."""
    push.take_away()
