"""Facts about the per-agency switch."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from core.db.personal import Code
from core.events.event import Event


class PluginSwitchedOn(Event, frozen=True):
    """An agency switched a plugin on."""

    subject: ClassVar[str] = "switch_id"

    switch_id: UUID
    plugin: Code


class PluginSwitchedOff(Event, frozen=True):
    """An agency switched a plugin off; its data stays."""

    subject: ClassVar[str] = "switch_id"

    switch_id: UUID
    plugin: Code
