"""What other plugins may add to notifications."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from core.sdk import Job, hookspec

from .schemas import Choice


@dataclass(frozen=True, kw_only=True)
class Channel:
    """A way to reach people outside the product."""

    name: str
    """`mail`, `push`, or a word of your own that starts with your plugin's name."""
    summary: str
    """What a person reads above the switches: `E-mail`."""
    deliver: Job[[UUID]]
    """Brings one notification, named by its id, to its person; `api.delivery(notification_id)` tells what to say."""
    default: Choice = "off"
    """What people get who have chosen nothing."""


@hookspec
def notifications_channels() -> list[Channel]:  # type: ignore[empty-body] # a signature and a sentence
    """The channels you deliver on in the acting agency."""
