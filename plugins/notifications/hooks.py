"""What notifications say where plugins are asked."""

from __future__ import annotations

from core.sdk import hookimpl, privacy

from . import jobs
from .hookspecs import Channel
from .service import erasure


@hookimpl
def notifications_channels() -> list[Channel]:
    """Push to an address of the person's own."""
    return [Channel(name="push", summary="Push to an address of my own", deliver=jobs.push_notification)]


@hookimpl
def personal_data(subject: privacy.Subject) -> list[privacy.Holding]:
    """What a colleague was told, how they want to be told, and where."""
    return erasure.held(subject)


@hookimpl
def erase_personal_data(subject: privacy.Subject) -> list[privacy.Outcome]:
    """Remove a colleague's own, and anybody's name from what others were told."""
    return erasure.erase(subject)
