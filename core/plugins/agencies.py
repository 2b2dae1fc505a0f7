"""What every entrance asks of an agency: which plugins are off, and whether it has added fields; read at once."""

from __future__ import annotations

import time
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Boolean, Text, Uuid, bindparam, column, false, select, table, true, union

from core.db.read import SystemQuery

TTL = 1.0
"""Seconds a process goes on with what it last read; a switch is effective everywhere within it."""
_BOUND = 10_000
# Not the model: importing it would import the agencies module, whose entrances ask here.
_SWITCH = table(
    "core_plugin_switch", column("agency_id", Uuid()), column("plugin", Text()), column("enabled", Boolean())
)
_FIELD = table("core_custom_field", column("agency_id", Uuid()), column("entity", Text()))


class Known(NamedTuple):
    """What was read of an agency."""

    off: frozenset[str]
    with_fields: frozenset[str]
    """What the agency has added fields to, as `leads.lead`."""


_NOTHING = Known(frozenset(), frozenset())
_known: dict[UUID, tuple[float, Known]] = {}
_forgotten = 0
"""How often something was forgotten."""


def enabled(plugin: str, agency_id: UUID) -> bool:
    """Whether a plugin is on for an agency; core modules always are."""
    return plugin not in switched_off(agency_id)


def switched_off(agency_id: UUID) -> frozenset[str]:
    """The plugins an agency has switched off, at most TTL seconds old."""
    return _of(agency_id).off


def has_fields(entity: str, agency_id: UUID) -> bool:
    """Whether an agency has ever added fields to what is called `leads.lead`, at most TTL seconds old."""
    return entity in _of(agency_id).with_fields


def _of(agency_id: UUID) -> Known:
    now = time.monotonic()
    until, found = _known.get(agency_id, (0.0, _NOTHING))
    if now >= until:
        forgotten = _forgotten
        found = _read(agency_id)
        if len(_known) >= _BOUND:
            _known.clear()
        if forgotten == _forgotten:
            # What changed while it was read must not be taken for what is.
            _known[agency_id] = (now + TTL, found)
    return found


def forget(agency_id: UUID | None = None) -> None:
    """Read again at the next question, for one agency or all."""
    global _forgotten  # noqa: PLW0603 - beside the memory it belongs to
    _forgotten += 1
    if agency_id is None:
        _known.clear()
    else:
        _known.pop(agency_id, None)


_mine = bindparam("agency_id", type_=Uuid())
_off = select(_SWITCH.c.plugin.label("name"), true().label("is_off")).where(
    _SWITCH.c.agency_id == _mine, _SWITCH.c.enabled.is_(False)
)
_fields = select(_FIELD.c.entity, false()).where(_FIELD.c.agency_id == _mine)
_every = union(_off, _fields).subquery()
_READ = SystemQuery(select(_every.c.name, _every.c.is_off), lambda name, is_off: (str(name), bool(is_off)))


def _read(agency_id: UUID) -> Known:
    rows = _READ.rows(agency_id=agency_id)
    return Known(
        frozenset(name for name, is_off in rows if is_off), frozenset(name for name, is_off in rows if not is_off)
    )
