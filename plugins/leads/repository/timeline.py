"""Queries for what happened on a lead: one statement for each kind of thing, never more rows than a page shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, Select, Uuid, any_, bindparam, select, tuple_

from core.sdk import read, users

from ..models import Attachment, Call, Note, StatusChange
from ..schemas.timeline import TimelineEntry

Source = read.Query[TimelineEntry]


Data = dict[str, str | int | bool | None]


class Shared(NamedTuple):
    """What every kind of row has."""

    at: datetime
    id: UUID
    author_id: UUID | None
    author_name: str | None


def _source(at: Any, model: Any, columns: Sequence[Any], entry: Callable[..., TimelineEntry]) -> Source:
    before = tuple_(bindparam("before_at", type_=DateTime(timezone=True)), bindparam("before_id", type_=Uuid()))
    shared = (at, model.id, model.author_id, users.name_of(model.author_id))
    wanted = model.lead_id == any_(bindparam("lead_ids", type_=ARRAY(Uuid())))
    statement: Select[Any] = select(*shared, *columns).where(wanted, tuple_(at, model.id) < before)
    newest = statement.order_by(at.desc(), model.id.desc()).limit(bindparam("row_limit"))
    width = len(shared)
    return read.Query(newest, lambda *row: entry(Shared(*row[:width]), *row[width:]))


def _entry(kind: str, row: Shared, *, title: str, text: str | None, place: str, data: Data) -> TimelineEntry:
    # Under which lead's address it stands is known to whoever asks: one that went into another has none any more.
    return TimelineEntry(kind, row.id, row.at, title, text, row.author_id, row.author_name, place, data)


def _note(row: Shared, text: str, *told: Any) -> TimelineEntry:
    pinned, edited_at = told
    data: Data = {"pinned": pinned, "edited": edited_at is not None}
    return _entry("note", row, title="Note", text=text, place=f"notes/{row.id}", data=data)


def _step(row: Shared, left: str | None, to: str, note: str | None, *told: Any) -> TimelineEntry:
    reason, seconds, manual = told
    title = f"From {left} to {to}".replace("_", " ") if left else "Came in"
    data: Data = {"from": left, "to": to, "reason": reason, "seconds_in_status": seconds, "manual": manual}
    return _entry("status", row, title=title, text=note, place="status", data=data)


def _call(row: Shared, direction: str, outcome: str, seconds: int, note: str | None) -> TimelineEntry:
    data: Data = {"direction": direction, "outcome": outcome, "duration_seconds": seconds}
    return _entry("call", row, title=f"Call, {direction}", text=note, place=f"calls/{row.id}", data=data)


def _file(row: Shared, name: str, media_type: str, size: int) -> TimelineEntry:
    data: Data = {"media_type": media_type, "size": size}
    return _entry("file", row, title=name, text=None, place=f"attachments/{row.id}", data=data)


SOURCES: dict[str, Source] = {
    "note": _source(Note.created_at, Note, (Note.text, Note.pinned, Note.edited_at), _note),
    "status": _source(
        StatusChange.created_at,
        StatusChange,
        (
            StatusChange.from_status,
            StatusChange.to_status,
            StatusChange.note,
            StatusChange.reason,
            StatusChange.seconds_in_status,
            StatusChange.manual,
        ),
        _step,
    ),
    "call": _source(Call.at, Call, (Call.direction, Call.outcome, Call.duration_seconds, Call.note), _call),
    "file": _source(
        Attachment.created_at, Attachment, (Attachment.name, Attachment.media_type, Attachment.size), _file
    ),
}
"""The kinds of things leads keep themselves."""
