"""What the plugins endpoints take and answer."""

from __future__ import annotations

import msgspec


class PluginView(msgspec.Struct, frozen=True, kw_only=True):
    """A plugin of this installation, as the acting agency has it."""

    name: str
    version: str
    summary: str
    enabled: bool
    """Whether it is on for the acting agency."""
    requires: list[str]
    """The plugins it cannot work without."""
    egress: list[str]
    """The outside hosts it may talk to."""


class PluginList(msgspec.Struct, frozen=True, kw_only=True):
    """Every plugin of this installation."""

    items: list[PluginView]


class PluginPatch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an agency chooses about a plugin."""

    enabled: bool
    """Whether it is on for the acting agency; its data stays when it is off."""
