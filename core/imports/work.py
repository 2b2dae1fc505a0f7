"""The work of imports, portion by portion: each is committed with what is written down about it, or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from flask import g
from msgspec import structs
from sqlalchemy.exc import IntegrityError

from core import clock
from core.actor import Actor, Scope, using
from core.db.tenancy import acting_as
from core.errors import Conflict, NotFound
from core.events.log import publish
from core.extensions import db
from core.files import api as files
from core.imports import reading, repository, things
from core.imports.attempts import Attempts
from core.imports.errors import Unreadable
from core.imports.events import ImportChecked, ImportReverted, ImportRun
from core.imports.importer import Importer, Made
from core.imports.models import Import
from core.imports.reading import Line
from core.imports.repository import Plan
from core.imports.rows import Understanding
from core.imports.schemas import Doer
from core.jobs.job import Discard
from core.jobs.run import current_run
from core.plugins.manager import installed, is_on
from core.privacy.subjects import CONTACT
from core.roles import builtin
from core.users import api as users

T = TypeVar("T")
PORTION = 50
"""Rows that come in together: colleagues who take a reference number wait as long as these take."""
_END = 1 << 62


class Stopped(Discard):
    """An import cannot go on, whoever tries again."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


def check(import_id: UUID, doer: Doer) -> None:
    """Try every row and undo it: what would come in, what is there already, what is wrong. Raises Stopped."""
    plan, importer = _begun(import_id)
    run = current_run()
    repository.forget_rows(plan.id)
    with _acting(plan, importer, doer):
        file = _file_of(plan)
        attempts = Attempts(importer, _understanding(plan, importer), plan.options, dry=True)
        try:
            # All of it is read before any of it is tried, so that the end of the work can be seen.
            total = sum(1 for _ in _rows(plan, file))
            for done, portion in _portions(_rows(plan, file), PORTION):
                repository.keep(plan.id, [attempts.of(line) for line in portion])
                run.keep()
                run.progress(done, total)
        except Unreadable as error:
            repository.note(plan.id, state="new", problem=error.reason)
            return
        found = repository.count(plan.id)
        repository.note(
            plan.id,
            state="checked",
            problem=None,
            total=total,
            good=found.good,
            duplicates=found.duplicates,
            faulty=found.faulty,
            checked_at=clock.now(),
        )
        publish(
            ImportChecked(
                import_id=plan.id,
                entity=plan.entity,
                good=found.good,
                duplicates=found.duplicates,
                faulty=found.faulty,
            )
        )


def run(import_id: UUID, doer: Doer) -> None:
    """Bring the rows in, from where somebody stopped before. Raises Stopped."""
    plan, importer = _begun(import_id)
    running, total = current_run(), plan.total or 0
    if plan.line == 0:
        # What the check said of them.
        repository.forget_rows(plan.id)
    with _acting(plan, importer, doer):
        attempts = Attempts(importer, _understanding(plan, importer), plan.options, dry=False)
        try:
            for done, portion in _portions(_rows(plan, _file_of(plan)), PORTION):
                left = [line for line in portion if line.number > plan.line]
                if left:
                    _bring_in(plan, attempts, left)
                    running.keep()
                    running.progress(done, total)
        except Unreadable as error:
            raise Stopped(error.reason) from error
        found = repository.count(plan.id)
        repository.note(
            plan.id,
            state="done",
            problem=None,
            run_at=clock.now(),
            created=found.created,
            duplicates=found.duplicates,
            faulty=found.faulty,
        )
        publish(
            ImportRun(
                import_id=plan.id,
                entity=plan.entity,
                created=found.created,
                duplicates=found.duplicates,
                faulty=found.faulty,
            )
        )


def revert(import_id: UUID, doer: Doer) -> None:
    """Take back what the rows made, the last ones first, but what somebody has worked with since. Raises Stopped."""
    plan, importer = _begun(import_id)
    running = current_run()
    with _acting(plan, importer, doer):
        below, done, total = _END, 0, repository.count(plan.id)
        standing = total.created + total.kept
        while rows := repository.made(plan.id, below=below, most=PORTION):
            _take_back(plan, importer, rows)
            below, done = rows[-1].line, done + len(rows)
            running.keep()
            running.progress(done, standing)
        found = repository.count(plan.id)
        repository.note(
            plan.id,
            state="reverted",
            problem=None,
            reverted_at=clock.now(),
            created=found.created,
            reverted=found.reverted,
            kept=found.kept,
        )
        publish(ImportReverted(import_id=plan.id, entity=plan.entity, removed=found.reverted, kept=found.kept))


def told_as(import_id: UUID) -> str:
    """What the log knows everything by that an import did, as the request that it belongs to."""
    return f"import-{import_id}"


def _bring_in(plan: Plan, attempts: Attempts, lines: Sequence[Line]) -> None:
    rows = [attempts.of(line) for line in lines]
    here = {row["entity_id"]: row["line"] for row in rows if row["state"] == "created"}
    others = [row["duplicate_of"] for row in rows if row["duplicate_of"] is not None]
    above = {**(repository.lines_of(plan.id, others) if others else {}), **here}
    for row in rows:
        row["duplicate_line"] = above.get(row["duplicate_of"])
    repository.keep(plan.id, rows)
    states = [row["state"] for row in rows]
    repository.note(plan.id, line=lines[-1].number, created=Import.created + states.count("created"))


def _take_back(plan: Plan, importer: Importer[Any], rows: Sequence[repository.MadeRow]) -> None:
    made = {plan.entity: [row.entity_id for row in rows]}
    people = [row.person_id for row in rows if row.with_person and row.person_id is not None]
    if people and plan.entity != CONTACT:
        made[CONTACT] = people
    # Whoever changes one of them, or makes something about it, has done so before the question, or finds it gone.
    for kind, some in made.items():
        things.lock(kind, some)
    touched = things.touched(made, told_as=told_as(plan.id))
    for row in rows:
        if {row.entity_id, row.person_id if row.with_person else None} & touched:
            repository.judge(row.id, state="kept", because="touched")
            continue
        state, because = _unmade(importer, Made(row.entity_id, row.person_id, row.with_person))
        repository.judge(row.id, state=state, because=because)


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


def _begun(import_id: UUID) -> tuple[Plan, Importer[Any]]:
    plan = repository.plan(import_id)
    if plan is None:
        raise Stopped("gone")
    importer = installed().imports.get(plan.entity)
    if importer is None or not is_on(importer.owner):
        raise Stopped("plugin_off")
    return plan, importer


@contextmanager
def _acting(plan: Plan, importer: Importer[Any], doer: Doer) -> Iterator[None]:
    """Work as who asked for it, as far as they reached then and still do."""
    g.request_id = told_as(plan.id)
    with acting_as(_actor(doer)) as actor, using(importer.permission.name):
        if actor.scope_of(importer.permission.name) is None:
            raise Stopped("not_permitted")
        yield


def _actor(doer: Doer) -> Actor:
    found = users.actors([doer.user_id]).get(doer.user_id)
    if found is None:
        raise Stopped("not_active")
    grants = {
        name: builtin.narrower(scope, Scope(doer.grants[name]))
        for name, scope in found.grants.items()
        if name in doer.grants
    }
    kind = "key" if doer.key_id is not None else found.kind
    return structs.replace(found, kind=kind, grants=grants, impersonator_id=doer.impersonator_id, key_id=doer.key_id)


def _file_of(plan: Plan) -> Any:
    if plan.file_id is None:
        raise Stopped("file_gone")
    try:
        return files.content(plan.file_id)
    except NotFound:
        raise Stopped("file_gone") from None


def _understanding(plan: Plan, importer: Importer[Any]) -> Understanding:
    return Understanding(importer, plan.mapping, plan.options)


def _rows(plan: Plan, file: Any) -> Iterator[Line]:
    """The rows below the headings."""
    return islice(reading.lines(file, plan.form, plan.options), 1, None)


def _portions(rows: Iterator[T], size: int) -> Iterator[tuple[int, list[T]]]:
    """So many rows at a time, each time with how many they are by now."""
    done = 0
    while portion := list(islice(rows, size)):
        done += len(portion)
        yield done, portion
