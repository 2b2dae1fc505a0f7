"""A permission without the plugin's prefix."""

from __future__ import annotations

from core.sdk import Permission

ALL = (Permission("notes.read", "Read notes."),)
