"""A part of the event log as a file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
from flask import Response, stream_with_context

from core import clock, ids, tabular
from core.audit import permissions
from core.audit.events import AuditExported
from core.audit.repository import log
from core.audit.schemas import EventView, ExportQuery
from core.db.query import Condition, Operator
from core.events.log import publish
from core.exports import columns
from core.http.attachments import disposition
from core.quotas import api as quotas

_COLUMNS = columns.of_struct(EventView)
_FILTERS = ("actor_id", "impersonator_id", "subject", "subject_id", "ip")
_NDJSON = "application/x-ndjson"


def download(query: ExportQuery) -> Response:
    """The events that are asked for, sent while they are being read; that they left the agency is recorded first.

    Raises QuotaExceeded.
    """
    # Without an end the file would grow as long as something happens while it is sent.
    until = query.until or clock.now()
    narrowed_by = [name for name in _FILTERS if getattr(query, name) is not None] + (["name"] if query.name else [])
    publish(
        AuditExported(export_id=ids.new(), form=query.form, since=query.since, until=until, narrowed_by=narrowed_by)
    )
    quotas.spend(permissions.EXPORTS.name)
    found = log.every(_conditions(query, until))
    name = f"audit-{until:%Y-%m-%d}"
    if query.form != "ndjson":
        return tabular.download(name, EventView.__struct_fields__, map(_row, found), form=query.form)
    response = Response(stream_with_context(_lines(found)), content_type=_NDJSON)
    response.headers["Content-Disposition"] = disposition(f"{name}.ndjson")
    response.headers["Cache-Control"] = "no-store"
    return response


def _conditions(query: ExportQuery, until: datetime) -> tuple[Condition, ...]:
    found = [Condition("occurred_at", Operator.LT, until)]
    if query.since is not None:
        found.append(Condition("occurred_at", Operator.GTE, query.since))
    if query.name:
        found.append(Condition("name", Operator.IN, tuple(query.name)))
    asked = ((name, getattr(query, name)) for name in _FILTERS)
    found += [Condition(name, Operator.EQ, value) for name, value in asked if value is not None]
    return tuple(found)


def _lines(events: Iterator[EventView]) -> Iterator[bytes]:
    for event in events:
        yield msgspec.json.encode(event) + b"\n"


def _row(event: EventView) -> list[Any]:
    return columns.cells(_COLUMNS, event, {}, zone=UTC)
