"""Putting two rows together: which value wins in each field, and what is remembered to take it back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta
from sqlalchemy import JSON, Column, Computed, Uuid, bindparam, inspect, select

from core.db import read
from core.db.base import stored
from core.db.personal import kind_of
from core.db.repository import Repository
from core.errors import Conflict, Fault, Invalid, MergedAway
from core.fields import Instant
from core.http.structs import Draft, View
from core.vault.columns import Ciphertext, Secret, reveal

UNDO_WITHIN = timedelta(days=30)
"""For how long a merge can be undone; then nothing is left of what it did not take over."""
_BOOKKEEPING = frozenset({"id", "agency_id", "version", "created_at", "updated_at", "deleted_at", "merged_into"})
_OWN = "custom_fields."
_EMPTY: tuple[Any, ...] = (None, "", [], {})

Side = Annotated[
    Literal["target", "other", "both"],
    Meta(description="Whose value a field has afterwards; `both` for texts and lists that can be joined."),
]
Image = dict[str, Any]
"""What columns say, by name, as JSON: personal data, to be kept sealed."""


class MergeDraft(Draft):
    """What goes into the thing that is addressed, and whose values win."""

    other_id: Annotated[UUID, Meta(description="What goes into it, and is found under its id no more.")]
    other_version: Annotated[int, Meta(ge=1, description="The version of it that you read.", examples=[1])]
    fields: Annotated[
        dict[str, Side],
        Meta(
            max_length=100,
            description=(
                "Who wins, field by field, the agency's own as `custom_fields.<key>`; where nothing is said, the one"
                " that stays, if it says anything."
            ),
            examples=[{}],
        ),
    ] = {}

    @property
    def own_fields(self) -> dict[str, Side]:
        """What is asked for fields of the agency's own, by key."""
        return {name.removeprefix(_OWN): side for name, side in self.fields.items() if name.startswith(_OWN)}

    @property
    def other_fields(self) -> dict[str, Side]:
        """What is asked for all others."""
        return {name: side for name, side in self.fields.items() if not name.startswith(_OWN)}


class MergeView(View):
    """Something that went into something else, and may come out again."""

    id: UUID
    into_id: UUID
    other_id: UUID
    fields: Annotated[list[str], Meta(description="What it changed in the one that stays.")]
    merged_by: UUID | None
    merged_by_name: str | None
    created_at: Instant


class NotUndoable(Conflict):
    """Too long ago, or the thing it went into is gone."""

    code = "merge_not_undoable"
    title = "This merge cannot be undone"


class TouchedSince(Conflict):
    """Somebody changed what the merge had changed; `errors` lists the fields."""

    code = "merge_touched_since"
    title = "What was merged has been changed since"


class AlreadyMerged(Conflict):
    """The other one went into something already."""

    code = "already_merged"
    title = "The other one was merged already"


def chosen(
    target: Mapping[str, Any],
    other: Mapping[str, Any],
    asked: Mapping[str, Side],
    *,
    joined: Mapping[str, Callable[[Any, Any], Any]],
) -> dict[str, Any]:
    """The fields the target gets another value in: those asked for, and empty ones that the other can fill.

    `joined` says how both values of a field become one. Raises Invalid for fields there are not, and `both` where two
    values cannot be one.
    """
    faults = [Fault(f"/fields/{name}", "unknown", "There is no such field to merge") for name in asked.keys() - target]
    faults += [
        Fault(f"/fields/{name}", "value", "Of this field only one value can stay")
        for name, side in asked.items()
        if side == "both" and name in target and name not in joined
    ]
    if faults:
        raise Invalid(errors=sorted(faults, key=lambda fault: fault.pointer))
    values = {}
    for name, mine in target.items():
        theirs, side = other[name], asked.get(name)
        if side == "both" and theirs not in _EMPTY:
            value = theirs if mine in _EMPTY else joined[name](mine, theirs)
        elif side == "other" or (side is None and mine in _EMPTY and theirs not in _EMPTY):
            value = theirs
        else:
            continue
        if value != mine:
            values[name] = value
    return values


def both_texts(one: str, other: str) -> str:
    """Two texts as one, each once."""
    return one if other in one else f"{one}\n\n{other}"


def both_lists(one: list[Any], other: list[Any]) -> list[Any]:
    """Two lists as one, each entry once."""
    return list(dict.fromkeys([*one, *other]))


def image(entity: Any) -> Image:
    """What the columns of an entity say now, encrypted ones in clear. Raises Unreadable."""
    return {key: _said(entity, key, column) for key, column in _columns(entity)}


def changed(before: Image, after: Image) -> Image:
    """What differs: each column with both values."""
    return {key: [before[key], value] for key, value in after.items() if before[key] != value}


def touched(entity: Any, changes: Image) -> list[str]:
    """The columns that do not say any more what a merge had made them say, as far as they are there."""
    now = image(entity)
    return sorted(key for key, (_, after) in changes.items() if key in now and now[key] != after)


def give_back(entity: Any, changes: Image) -> None:
    """Let columns say again what they said before."""
    for key, column in _columns(entity):
        if key in changes:
            setattr(entity, key, _value(column, changes[key][0]))


def refuse_touched(fields: Iterable[str]) -> None:
    """Raise TouchedSince where there are any."""
    faults = [Fault(f"/{name}", "touched", "It was changed after the merge") for name in fields]
    if faults:
        raise TouchedSince(errors=faults)


def refuse_merged(repository: Repository[Any], entity_id: UUID) -> None:
    """Raise MergedAway for what went into another one, where the caller could see it before."""

    def build() -> read.Query[UUID | None]:
        merged_into = repository.model.merged_into
        wanted = (repository.model.id == bindparam("wanted_id", type_=Uuid()), merged_into.is_not(None))
        found = select(merged_into).where(*wanted, repository.in_scope())
        return read.Query(found, lambda into: into, include_deleted=True)

    query = repository.prepared(("merged", repository.scope()), build)
    into = query.first(wanted_id=entity_id, **repository.scope_values())
    if into is not None:
        raise MergedAway(into)


def _columns(entity: Any) -> list[tuple[str, Column[Any]]]:
    found = stored(inspect(entity).mapper)
    return [(key, column) for key, column in found if key not in _BOOKKEEPING and not _is_computed(column)]


def _is_computed(column: Column[Any]) -> bool:
    return isinstance(column.server_default, Computed)


def _said(entity: Any, key: str, column: Column[Any]) -> Any:
    if isinstance(column.type, Ciphertext):
        return reveal(entity, getattr(type(entity), key))
    return msgspec.to_builtins(getattr(entity, key))


def _value(column: Column[Any], said: Any) -> Any:
    if said is None:
        return None
    if isinstance(column.type, Ciphertext):
        return Secret(said)
    kind = kind_of(column)
    return said if isinstance(kind, JSON) else msgspec.convert(said, kind.python_type)
