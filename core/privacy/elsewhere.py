"""What plugins say about things of others: it goes when these say nothing about anybody any more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, SQLColumnExpression, false, or_

from core.plugins.manager import installed
from core.privacy.subjects import Words


def said_elsewhere(kind: str, thing_id: SQLColumnExpression[Any]) -> ColumnElement[bool]:
    """Whether anybody says something personal about a thing, as a condition of a statement about such things."""
    return or_(false(), *(each.said(thing_id) for each in _words(kind)))


def forget_elsewhere(kind: str, thing_ids: Sequence[UUID]) -> None:
    """Have everybody leave nothing personal about these things. An error undoes it all."""
    for each in _words(kind):
        each.forget(thing_ids)


def _words(kind: str) -> list[Words]:
    return [each for each in installed().hook.words_about(kind=kind) if each is not None]
