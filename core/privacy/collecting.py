"""Asking everybody what they hold about a person, until nobody knows more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from core.db.base import Model
from core.db.personal import category_of
from core.events.models import EventEntry
from core.extensions import db
from core.plugins import absent
from core.plugins.manager import installed
from core.privacy.subjects import Holding, Outcome, Subject
from core.users.models import User

NAMELESS = "[erased]"
"""What stands where something must: a name that is shown in lists."""
ABOVE = frozenset({str(User.__tablename__), str(EventEntry.__tablename__)})
"""Tables no erasure in an agency overwrites: the log is sealed, and identities are above the agencies."""
_NOTHING: tuple[Any, ...] = (None, "", NAMELESS, [], {})
_MOST_ROUNDS = 6


class Unsettled(RuntimeError):
    """What a plugin holds about a person leads to ever more: a defect, and what was found so far may not be all."""


def collect(kind: str, subject_id: UUID) -> tuple[Subject, list[Holding]]:
    """A person with everything they are known by, and every row about them in the acting agency."""
    subject = Subject(kind=kind, id=subject_id, rows=frozenset({subject_id}))
    holdings: list[Holding] = []
    for _ in range(_MOST_ROUNDS):
        holdings = asked(subject)
        # What the log says of them is named by nothing else, and there may be thousands.
        grown = subject.knowing(each for each in holdings if each.table != EventEntry.__tablename__)
        if grown == subject:
            return subject, holdings
        # Somebody may hold what only a row that was just found leads to.
        subject = grown
    raise Unsettled(f"After {_MOST_ROUNDS} rounds somebody still holds what nobody had named before")


def asked(subject: Subject) -> list[Holding]:
    """What everybody holds about a person, those that the agency has switched off too."""
    found = _flat(installed().hook.personal_data(subject=subject))
    return list({(each.table, each.row_id): each for each in found}.values())


def same(subject_id: UUID, holdings: Iterable[Holding]) -> list[UUID]:
    """The ids a person has where they themselves are a row: their own, and those of whom they were merged with."""
    found = list(holdings)
    own = {each.table for each in found if each.row_id == subject_id}
    return sorted({subject_id, *(each.row_id for each in found if each.table in own)})


def said(holdings: Iterable[Holding]) -> dict[str, list[list[str]]]:
    """What is still said about a person: for each table the personal columns of its rows, row after row."""
    found: dict[str, list[list[str]]] = {}
    for each in holdings:
        columns = _said(each) if each.table not in ABOVE else []
        if columns:
            found.setdefault(each.table, []).append(columns)
    return found


def _said(holding: Holding) -> list[str]:
    table = Model.metadata.tables.get(holding.table)
    personal = (column for column in table.columns if category_of(column) is not None) if table is not None else ()
    return [str(column) for column in personal if holding.values.get(column.name) not in _NOTHING]


def erased(subject: Subject) -> list[Outcome]:
    """Have everybody erase what they hold about a person, in the running unit of work."""
    return merged(_flat(installed().hook.erase_personal_data(subject=subject)))


def merged(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """One outcome for each table and reason, those that erased nothing left out."""
    rows: dict[tuple[Any, ...], int] = {}
    for each in outcomes:
        key = (each.table, each.kept, each.until)
        rows[key] = rows.get(key, 0) + each.rows
    return [
        Outcome(table=table, rows=count, kept=kept, until=until)
        for (table, kept, until), count in sorted(rows.items(), key=lambda item: item[0][:2])
        if count
    ]


def not_asked() -> list[str]:
    """Plugins whose tables are in the database although nobody loaded them: what they hold stays."""
    return absent.names(db.session.connection())


def _flat(answers: Iterable[Iterable[Any] | None]) -> list[Any]:
    return [each for answer in answers for each in answer or ()]
