"""Fares: a plugin some of whose fields only some may see, and fewer may set."""

from __future__ import annotations

from core.sdk import Plugin

from . import endpoints, permissions, schemas, sockets

plugin = Plugin(
    name="fares",
    version="1.0.0",
    core=">=1.0,<2",
    summary="What is paid for travel, and what it costs.",
    permissions=permissions.ALL,
    blueprints=(endpoints.blueprint,),
    sockets={"quote": sockets.quote},
    emits={"changed": schemas.FareChange},
)
