"""Plugins: see them and switch them per agency."""

from __future__ import annotations

from core.plugins import endpoints, permissions
from core.plugins.spec import CORE_VERSION, Plugin

plugin = Plugin(
    name="plugins",
    version=CORE_VERSION,
    core=f"=={CORE_VERSION}",
    summary="See the plugins of an installation and switch them per agency.",
    permissions=permissions.ALL,
    blueprints=(endpoints.blueprint,),
)
