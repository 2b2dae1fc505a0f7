"""What notifications say where plugins are asked."""

from __future__ import annotations

from core.sdk import hookimpl

from . import jobs
from .hookspecs import Channel


@hookimpl
def notifications_channels() -> list[Channel]:
    """Push to an address of the person's own."""
    return [Channel(name="push", summary="Push to an address of my own", deliver=jobs.push_notification)]
