"""One row's attempt to come in: by the service of its plugin, in a savepoint, judged as a request of its own is."""

from __future__ import annotations

from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from core.errors import Fault, Problem
from core.extensions import db
from core.http import database_errors
from core.http.problems import problem_of
from core.imports.importer import Importer, Made
from core.imports.reading import Line
from core.imports.rows import Read, Understanding
from core.imports.schemas import ImportOptions, RowFault
from core.imports.twins import Duplicate, Twins


class Attempts:
    """Tries rows of one file, one after the other; a dry one leaves nothing but what is told of it."""

    def __init__(
        self, importer: Importer[Any], understanding: Understanding, options: ImportOptions, *, dry: bool
    ) -> None:
        self._importer = importer
        self._understanding = understanding
        self._dry = dry
        self._twins: Twins | None = None
        if importer.likeness is not None and options.duplicates == "skip":
            self._twins = Twins(importer.likeness, least=options.duplicate_score, within_file=dry)

    def of(self, line: Line) -> dict[str, Any]:
        """What became of a row, as it is written down."""
        read = self._understanding.read(line)
        if read.draft is None:
            return _written(line, "faulty", faults=read.faults)
        try:
            found = self._tried(read)
        except (Problem, SQLAlchemyError) as error:
            return _written(line, "faulty", faults=[*read.faults, *self._told(read, error)])
        if read.faults:
            return _written(line, "faulty", faults=read.faults)
        if isinstance(found, Duplicate):
            return _written(line, "duplicate", duplicate=found)
        return _written(line, "good") if self._dry else _written(line, "created", made=found)

    def _tried(self, read: Read) -> Made | Duplicate:
        """Make what a row says, unless it is there; where anything is wrong, only to see what else is."""
        importer, keep = self._importer, not (self._dry or read.faults)
        with db.session.begin_nested() as savepoint:
            draft, sought = importer.understand(read.draft) if importer.understand else (read.draft, None)
            if self._twins is not None and not read.faults:
                duplicate = self._twins.of(sought)
                if duplicate is not None:
                    return duplicate
            made = importer.make(draft)
            if not keep:
                savepoint.rollback()
        if self._twins is not None and not read.faults:
            self._twins.remember(read.line, sought)
        return made

    def _told(self, read: Read, error: Exception) -> list[RowFault]:
        """What is wrong with a row; raises what is nothing of its own: a defect, or a database that cannot go on."""
        if database_errors.is_lost_race(error) or database_errors.is_dead_connection(error):
            raise error
        problem = problem_of(error)
        if problem is None or problem.status >= 500:
            raise error
        faults = problem.errors or (Fault("", problem.code, problem.detail or problem.title),)
        return self._understanding.told(read, faults)


def _written(
    line: Line,
    state: str,
    *,
    faults: list[RowFault] | None = None,
    made: Made | None = None,
    duplicate: Duplicate | None = None,
) -> dict[str, Any]:
    told = made if made is not None else duplicate
    return {
        "line": line.number,
        "state": state,
        "entity_id": made.id if made else None,
        "person_id": told.person_id if told else None,
        "with_person": made.with_person if made else False,
        "faults": faults or [],
        "duplicate_of": duplicate.id if duplicate else None,
        "duplicate_line": duplicate.line if duplicate else None,
        "score": duplicate.score if duplicate else None,
        "reasons": duplicate.reasons if duplicate else [],
        "kept_because": None,
    }
