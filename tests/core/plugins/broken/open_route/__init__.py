"""A route without a permission."""

from __future__ import annotations

from core.sdk import Plugin

from . import endpoints

plugin = Plugin(
    name="open_route",
    version="1.0.0",
    core=">=1.0,<2",
    summary="A sample.",
    blueprints=(endpoints.blueprint,),
)
