"""Events: what happened in an agency, in order, for those who may see it."""

from __future__ import annotations

from core.events import hooks
from core.plugins.spec import CORE_VERSION, Plugin

plugin = Plugin(
    name="events",
    version=CORE_VERSION,
    core=f"=={CORE_VERSION}",
    summary="What happened in an agency, in order, for those who may see it.",
    hooks=hooks,
)
