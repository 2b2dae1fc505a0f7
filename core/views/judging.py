"""Whether a view can be used: what it asks a list for is there, and for the caller to see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from core.actor import current_actor
from core.db.query import ListQuery
from core.disclosure import HiddenField
from core.errors import Fault, Invalid
from core.exports import columns as exported
from core.http import queries
from core.listed import Listed
from core.plugins.manager import installed


def faults(entity: str, question: Mapping[str, str], columns: Sequence[str]) -> list[Fault]:
    """What is wrong with a view for the caller; nothing where it can be used."""
    listed = installed().lists.get(entity)
    if listed is None or current_actor().scope_of(listed.permission) is None:
        return [Fault("/entity", "unknown", f"There is no list of {entity}")]
    return [*_of_question(listed, question), *_of_columns(listed, columns)]


def query(listed: Listed[Any], question: Mapping[str, str]) -> ListQuery:
    """What a view asks the list. Raises Invalid, HiddenField."""
    return queries.question(question, _parameters(listed), listed.row)


@cache
def _parameters(listed: Listed[Any]) -> queries.Parameters:
    # Of the listing alone: a view asks by no other view.
    return queries.Parameters(listed.listing, paged=False)


def _of_question(listed: Listed[Any], question: Mapping[str, str]) -> list[Fault]:
    try:
        query(listed, question)
    except (Invalid, HiddenField) as wrong:
        # `?status` of an address is `/filter/status` here.
        return [Fault(f"/filter/{each.pointer.removeprefix('?')}", each.code, each.message) for each in wrong.errors]
    return []


def _of_columns(listed: Listed[Any], columns: Sequence[str]) -> list[Fault]:
    if not columns:
        # Then nothing is read about those an agency added.
        return []
    try:
        exported.chosen(listed, columns, pointer="/columns")
    except (Invalid, HiddenField) as wrong:
        return list(wrong.errors)
    return []
