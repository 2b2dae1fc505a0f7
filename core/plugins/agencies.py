"""The per-agency switch: whether a plugin is on for an agency, asked at every entrance."""

from __future__ import annotations

import time
from uuid import UUID

from sqlalchemy import Boolean, Text, Uuid, bindparam, column, select, table

from core.db.read import SystemQuery

TTL = 1.0
"""Seconds a process goes on with what it last read; a switch is effective everywhere within it."""
_BOUND = 10_000
# Not the model: importing it would import the agencies module, whose entrances ask here.
_SWITCH = table(
    "core_plugin_switch", column("agency_id", Uuid()), column("plugin", Text()), column("enabled", Boolean())
)
_off: dict[UUID, tuple[float, frozenset[str]]] = {}
_forgotten = 0
"""How often something was forgotten."""


def enabled(plugin: str, agency_id: UUID) -> bool:
    """Whether a plugin is on for an agency; core modules always are."""
    return plugin not in switched_off(agency_id)


def switched_off(agency_id: UUID) -> frozenset[str]:
    """The plugins an agency has switched off, at most TTL seconds old."""
    now = time.monotonic()
    until, names = _off.get(agency_id, (0.0, frozenset[str]()))
    if now >= until:
        forgotten = _forgotten
        names = _read(agency_id)
        if len(_off) >= _BOUND:
            _off.clear()
        if forgotten == _forgotten:
            # What changed while it was read must not be taken for what is.
            _off[agency_id] = (now + TTL, names)
    return names


def forget(agency_id: UUID | None = None) -> None:
    """Read again at the next question, for one agency or all."""
    global _forgotten  # noqa: PLW0603 - beside the memory it belongs to
    _forgotten += 1
    if agency_id is None:
        _off.clear()
    else:
        _off.pop(agency_id, None)


_OFF = SystemQuery(
    select(_SWITCH.c.plugin).where(_SWITCH.c.agency_id == bindparam("agency_id"), _SWITCH.c.enabled.is_(False)), str
)


def _read(agency_id: UUID) -> frozenset[str]:
    return frozenset(_OFF.rows(agency_id=agency_id))
