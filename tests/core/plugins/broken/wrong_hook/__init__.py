"""It implements a hook that does not exist."""

from __future__ import annotations

from core.sdk import Plugin

from . import hooks

plugin = Plugin(
    name="wrong_hook",
    version="1.0.0",
    core=">=1.0,<2",
    summary="A sample.",
    hooks=hooks,
)
