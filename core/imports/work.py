"""The work of imports, portion by portion: each is committed with what is written down about it, or not at all."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from core import clock
from core.db import session
from core.errors import Conflict, NotFound
from core.events.log import publish
from core.extensions import db
from core.files import api as files
from core.http import database_errors
from core.imports import leave, reading, repository, things
from core.imports.attempts import Attempts
from core.imports.errors import Unreadable
from core.imports.events import ImportChecked, ImportReverted, ImportRun
from core.imports.importer import Importer, Made
from core.imports.leave import Stopped
from core.imports.models import Import
from core.imports.reading import Line
from core.imports.repository import Plan
from core.imports.rows import Understanding
from core.imports.schemas import Doer
from core.jobs.run import current_run
from core.privacy.subjects import CONTACT

T = TypeVar("T")
PORTION = 50
"""Rows that are worked on together, at most."""
SECONDS = 0.3
"""How long rows come in together: colleagues who take a reference number, or a turn, wait as long as that."""
PAUSES = (0.1, 0.5, 1.0, 2.0)
"""Seconds until a portion in whose way somebody was is tried anew; an attempt at the job is too dear for that."""
_END = 1 << 62


def check(import_id: UUID, doer: Doer) -> None:
    """Try every row and undo it: what would come in, what is there already, what is wrong. Raises Stopped."""
    allowed = partial(leave.portion, import_id, doer, state="checking")
    running = current_run()
    with allowed() as (plan, importer):
        repository.forget_rows(plan.id)
        file = _file_of(plan)
        attempts = _attempts(plan, importer, dry=True)
    running.keep()
    try:
        # All of it is read before any of it is tried, so that the end of the work can be seen.
        total = sum(1 for _ in _rows(plan, file))
        for done, portion in _portions(_rows(plan, file), PORTION):
            with allowed() as (plan, _):
                _file_id(plan)
                repository.keep(plan.id, [attempts.of(line) for line in portion])
            running.keep()
            running.progress(done, total)
    except Unreadable as error:
        with allowed():
            repository.note(plan.id, state="new", problem=error.reason)
        return
    with allowed():
        found = repository.count(plan.id)
        counts = {"good": found.good, "duplicates": found.duplicates, "faulty": found.faulty}
        repository.note(plan.id, state="checked", problem=None, total=total, checked_at=clock.now(), **counts)
        publish(ImportChecked(import_id=plan.id, entity=plan.entity, **counts))


def run(import_id: UUID, doer: Doer) -> None:
    """Bring the rows in, from where somebody stopped before. Raises Stopped."""
    allowed = partial(leave.portion, import_id, doer, state="running")
    running = current_run()
    with allowed() as (plan, importer):
        if plan.line == 0:
            # What the check said of them.
            repository.forget_rows(plan.id)
        file = _file_of(plan)
        attempts = _attempts(plan, importer, dry=False)
    running.keep()
    try:
        for done, portion in _portions(_rows(plan, file), PORTION):
            left = [line for line in portion if line.number > plan.line]
            while left:
                left = left[_patiently(partial(_bring_in, import_id, doer, attempts, left)) :]
                running.progress(done - len(left), plan.total or 0)
    except Unreadable as error:
        raise Stopped(error.reason) from error
    with allowed():
        found = repository.count(plan.id)
        counts = {"created": found.created, "duplicates": found.duplicates, "faulty": found.faulty}
        repository.note(plan.id, state="done", problem=None, run_at=clock.now(), **counts)
        publish(ImportRun(import_id=plan.id, entity=plan.entity, **counts))


def revert(import_id: UUID, doer: Doer) -> None:
    """Take back what the rows made, the last ones first, but what somebody has worked with since. Raises Stopped."""
    allowed = partial(leave.portion, import_id, doer, state="reverting")
    running = current_run()
    with allowed():
        total = repository.count(import_id)
    running.keep()
    below, done, standing = _END, 0, total.created + total.kept
    while rows := _patiently(partial(_take_back, import_id, doer, below)):
        below, done = rows[-1].line, done + len(rows)
        running.progress(done, standing)
    with allowed() as (plan, _):
        found = repository.count(plan.id)
        counts = {"created": found.created, "reverted": found.reverted, "kept": found.kept}
        repository.note(plan.id, state="reverted", problem=None, reverted_at=clock.now(), **counts)
        publish(ImportReverted(import_id=plan.id, entity=plan.entity, removed=found.reverted, kept=found.kept))


def _patiently(portion: Callable[[], T]) -> T:
    """Do a portion, anew where somebody else was in its way."""
    for pause in PAUSES:
        try:
            return portion()
        except SQLAlchemyError as error:
            if not database_errors.is_in_the_way(error):
                raise
            session.undo()
            # By chance: whoever was in the way tries again as well.
            time.sleep(pause * random.random())  # noqa: S311 - jitter, not a secret
    return portion()


def _bring_in(import_id: UUID, doer: Doer, attempts: Attempts, lines: Sequence[Line]) -> int:
    """Bring in rows for as long as others can wait; how many."""
    rows: list[dict[str, Any]] = []
    with leave.portion(import_id, doer, state="running") as (plan, _):
        _file_id(plan)
        until = time.monotonic() + SECONDS
        for line in lines:
            rows.append(attempts.of(line))
            if time.monotonic() >= until:
                break
        here = {row["entity_id"]: row["line"] for row in rows if row["state"] == "created"}
        others = [row["duplicate_of"] for row in rows if row["duplicate_of"] is not None]
        above = {**(repository.lines_of(import_id, others) if others else {}), **here}
        for row in rows:
            row["duplicate_line"] = above.get(row["duplicate_of"])
        repository.keep(import_id, rows)
        created = Import.created + [row["state"] for row in rows].count("created")
        repository.note(import_id, line=rows[-1]["line"], created=created)
    current_run().keep()
    return len(rows)


def _take_back(import_id: UUID, doer: Doer, below: int) -> Sequence[repository.MadeRow]:
    """Take back what was made of the last rows above a line; which rows these were."""
    with leave.portion(import_id, doer, state="reverting") as (plan, importer):
        rows = repository.made(plan.id, below=below, most=PORTION)
        if rows:
            _judge(plan, importer, rows)
    current_run().keep()
    return rows


def _judge(plan: Plan, importer: Importer[Any], rows: Sequence[repository.MadeRow]) -> None:
    made = {plan.entity: [row.entity_id for row in rows]}
    people = [row.person_id for row in rows if row.with_person and row.person_id is not None]
    if people and plan.entity != CONTACT:
        made[CONTACT] = people
    # Whoever changes one of them, or makes something about it, has done so before the question, or finds it gone.
    for kind, some in made.items():
        things.lock(kind, some)
    touched = things.touched(made, told_as=leave.told_as(plan.id))
    became: dict[tuple[str, str | None], list[UUID]] = {}
    for row in rows:
        judged: tuple[str, str | None] = ("kept", "touched")
        if not {row.entity_id, row.person_id if row.with_person else None} & touched:
            judged = _unmade(importer, Made(row.entity_id, row.person_id, row.with_person))
        became.setdefault(judged, []).append(row.id)
    for (state, because), judged_rows in became.items():
        repository.judge(judged_rows, state=state, because=because)


def _unmade(importer: Importer[Any], made: Made) -> tuple[str, str | None]:
    """Remove what was made of a row: what became of it, and why it stays where it does, or a part of it."""
    try:
        with db.session.begin_nested():
            return "reverted", importer.unmake(made)
    except NotFound:
        # Somebody removed it for good: there is nothing left to take back.
        return "reverted", None
    except Conflict as kept:
        return "kept", kept.code
    except IntegrityError:
        return "kept", "in_use"


def _file_id(plan: Plan) -> UUID:
    # Somebody who is in it may have been erased since: what was read of it before is not to come in either.
    if plan.file_id is None:
        raise Stopped("file_gone")
    return plan.file_id


def _file_of(plan: Plan) -> Any:
    try:
        return files.content(_file_id(plan))
    except NotFound:
        raise Stopped("file_gone") from None


def _attempts(plan: Plan, importer: Importer[Any], *, dry: bool) -> Attempts:
    return Attempts(importer, Understanding(importer, plan.mapping, plan.options), plan.options, dry=dry)


def _rows(plan: Plan, file: Any) -> Iterator[Line]:
    """The rows below the headings."""
    return islice(reading.lines(file, plan.form, plan.options), 1, None)


def _portions(rows: Iterator[T], size: int) -> Iterator[tuple[int, list[T]]]:
    """So many rows at a time, each time with how many they are by now."""
    done = 0
    while portion := list(islice(rows, size)):
        done += len(portion)
        yield done, portion
