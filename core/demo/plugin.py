"""The demo world: made-up agencies with people and trade."""

from __future__ import annotations

from core.demo import commands
from core.plugins.spec import Plugin

plugin = Plugin(
    name="demo",
    version="1.0.0",
    core=">=1.0,<2",
    summary="The demo world: made-up agencies with people and trade.",
    commands=(commands.seed,),
)
