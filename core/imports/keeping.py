"""How long files of imports stay: until their time is over, or until somebody who is in them is erased."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from core.extensions import db
from core.files import api as files
from core.imports import repository, things
from core.imports.models import Import
from core.imports.schemas import ImportOptions
from core.privacy.api import CONTACT, Holding, Outcome, Subject, on_hold


def forget_old(before: datetime, most: int) -> int:
    """Forget the files of imports from before an instant, and what became of their rows; how many."""
    found = repository.old(before, but=_on_hold(), most=most)
    for each in found:
        empty(each)
        repository.forget_rows(each.id)
    return len(found)


def count_old(before: datetime) -> int:
    """How many it would be."""
    return repository.count_old(before, but=_on_hold())


def _on_hold() -> list[UUID]:
    """Whose rows have to stay, under each id that a row may know them by."""
    return things.known_as(CONTACT, on_hold(CONTACT))


def empty(one: Import) -> None:
    """Leave nothing of what a file said, nor what it was called."""
    file_id, one.file_id = one.file_id, None
    # What rows get that say nothing was somebody's word, too, as a note may be.
    one.name, one.headings, one.options = "", [], ImportOptions()
    db.session.flush()
    if file_id is not None:
        files.forget(file_id)


def held(subject: Subject) -> list[Holding]:
    """The files in which a person is, as far as that is known by what was made of their rows."""
    return [
        Holding(
            table=Import.__tablename__, row_id=each.id, values={"file": each.name, "uploaded": str(each.created_at)}
        )
        for each in repository.of_people(subject.rows)
    ]


def erase(subject: Subject) -> list[Outcome]:
    """Delete these files as a whole: nobody is taken out of a file."""
    found = repository.of_people(subject.rows)
    for each in found:
        empty(each)
    return [Outcome(table=Import.__tablename__, rows=len(found))]
