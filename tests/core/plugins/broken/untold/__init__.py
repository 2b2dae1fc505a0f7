"""A live side that the README does not tell of."""

from __future__ import annotations

from core.sdk import Plugin

from . import schemas

plugin = Plugin(
    name="untold",
    version="1.0.0",
    core=">=1.0,<2",
    summary="A sample.",
    emits={"read": schemas.Read},
)
