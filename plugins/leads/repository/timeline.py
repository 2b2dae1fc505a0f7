"""Queries for what happened on a lead: one statement for all that leads keep, no part of it longer than a page."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    DateTime,
    Select,
    Text,
    Uuid,
    any_,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB

from core.sdk import read, users

from ..models import Attachment, Call, Note, StatusChange
from ..schemas.timeline import TimelineEntry

_BEFORE = tuple_(bindparam("before_at", type_=DateTime(timezone=True)), bindparam("before_id", type_=Uuid()))
_OF = any_(bindparam("lead_ids", type_=ARRAY(Uuid())))


def _part(kind: str, at: Any, model: Any, *, title: Any, text: Any, place: str, data: Mapping[str, Any]) -> Select[Any]:
    """The newest of one kind; `place` is where in a lead's address they are, each under its own id."""
    told = func.jsonb_build_object(*(part for name, value in data.items() for part in (literal(name), value)))
    columns = {
        "kind": literal(kind, Text()),
        "id": model.id,
        "at": at,
        "title": cast(title, Text()),
        "words": cast(text, Text()),
        "author_id": model.author_id,
        "author_name": users.name_of(model.author_id),
        "place": literal(place, Text()),
        "told": cast(told, JSONB()),
    }
    found: Select[Any] = select(*(column.label(name) for name, column in columns.items()))
    found = found.where(model.lead_id == _OF, tuple_(at, model.id) < _BEFORE)
    return found.order_by(at.desc(), model.id.desc()).limit(bindparam("row_limit"))


_step = func.replace(func.concat("From ", StatusChange.from_status, " to ", StatusChange.to_status), "_", " ")
PARTS: dict[str, Select[Any]] = {
    "note": _part(
        "note",
        Note.created_at,
        Note,
        title=literal("Note", Text()),
        text=Note.text,
        place="notes",
        data={"pinned": Note.pinned, "edited": Note.edited_at.is_not(None)},
    ),
    "status": _part(
        "status",
        StatusChange.created_at,
        StatusChange,
        title=case((StatusChange.from_status.is_(None), "Came in"), else_=_step),
        text=StatusChange.note,
        place="status",
        data={
            "from": StatusChange.from_status,
            "to": StatusChange.to_status,
            "reason": StatusChange.reason,
            "seconds_in_status": StatusChange.seconds_in_status,
            "manual": StatusChange.manual,
        },
    ),
    "call": _part(
        "call",
        Call.at,
        Call,
        title=func.concat("Call, ", Call.direction),
        text=Call.note,
        place="calls",
        data={
            "direction": Call.direction,
            "outcome": Call.outcome,
            "duration_seconds": Call.duration_seconds,
            "edited": Call.edited_at.is_not(None),
        },
    ),
    "file": _part(
        "file",
        Attachment.created_at,
        Attachment,
        title=Attachment.name,
        text=null(),
        place="attachments",
        data={"media_type": Attachment.media_type, "size": Attachment.size},
    ),
}
"""The kinds of things leads keep themselves."""


@cache
def _query(kinds: frozenset[str]) -> read.Query[TimelineEntry]:
    parts = (select(PARTS[kind].subquery()) for kind in sorted(kinds))
    every = union_all(*parts).subquery()
    newest = select(every).order_by(every.c.at.desc(), every.c.id.desc()).limit(bindparam("row_limit"))
    return read.Query(newest, TimelineEntry)


def newest(
    kinds: Collection[str], lead_ids: Collection[UUID], *, before: tuple[datetime, UUID], most: int
) -> list[TimelineEntry]:
    """The newest entries of some of our kinds; their links are what comes after a lead's address."""
    ours = PARTS.keys() & kinds if kinds else PARTS.keys()
    if not ours:
        return []
    at, before_id = before
    return _query(frozenset(ours)).rows(lead_ids=list(lead_ids), before_at=at, before_id=before_id, row_limit=most)
