"""It listens to an event that does not exist."""

from __future__ import annotations

from core.sdk import Plugin

from . import subscribers

plugin = Plugin(
    name="deaf",
    version="1.0.0",
    core=">=1.0,<2",
    summary="A sample.",
    subscribers={"contacts.contact_exploded": (subscribers.never,)},
)
