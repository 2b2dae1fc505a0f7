"""Queries for imports, their rows, and how files were mapped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from core import bulk, clock, ids
from core.db import read
from core.db.query import RANGE, Filter, Listing, ListQuery, Page
from core.db.repository import Ownership, Repository
from core.db.tenancy import current_agency_id
from core.errors import NotFound
from core.extensions import db
from core.fields import Instant
from core.imports.models import Import, ImportMapping, ImportRow
from core.imports.schemas import ImportHeading, ImportOptions, ImportRowView, ImportView, RowState, State
from core.jobs.models import JobEntry

_OPEN = ("queued", "running")
_PLAIN: Mapping[str, Any] = {"synchronize_session": False}
_OWN = {"columns": Import.headings, "has_file": Import.file_id.is_not(None)}
_VIEWED = [_OWN[name] if name in _OWN else getattr(Import, name) for name in ImportView.__struct_fields__]
VIEW: Any = select(*_VIEWED, Import.mapping)
ROW = select(*read.columns(ImportRowView, ImportRow))
_HEADINGS = ImportView.__struct_fields__.index("columns")
_MAPPINGS: Any = ImportMapping.metadata.tables[ImportMapping.__tablename__]


def _view(*columns: Any) -> ImportView:
    *values, mapped = columns
    # Somebody who was erased leaves neither headings nor names.
    pairs = zip(values[_HEADINGS], mapped, strict=False)
    values[_HEADINGS] = [ImportHeading(heading, name or None) for heading, name in pairs]
    return ImportView(*values)


class Imports(Repository[Import]):
    """An agency's imports: one's own, or all."""

    model = Import
    permission = "imports.read"
    subject = "imports.import"
    ownership = Ownership(Import.owner_id, given_with="imports.run")
    listing = Listing(
        filters={
            "entity": Filter(Import.entity, str, "What its rows become: `leads.lead`."),
            "state": Filter(Import.state, State, "How far it is."),
            "owner_id": Filter(Import.owner_id, UUID, "Who uploaded it."),
            "created_at": Filter(Import.created_at, Instant, "When it was uploaded.", RANGE),
        },
        sorts={"created_at": Import.created_at},
    )

    def rows(self, query: ListQuery) -> Page[ImportView]:
        """A page of imports."""
        return self.page(query, VIEW, _view)

    def shown(self, import_id: UUID) -> ImportView:
        """An import. Raises NotFound."""
        return self.view(import_id, VIEW, _view)

    def written(self, import_id: UUID) -> ImportView:
        """An import the caller has just written."""
        return self.view_after_change(import_id, VIEW, _view)

    def locked(self, import_id: UUID, *, version: int | None = None) -> Import:
        """An import for changing how far it is: whoever else wants that waits. Raises NotFound, PreconditionFailed."""
        self.require(import_id)
        mine = select(Import).where(Import.id == import_id).with_for_update()
        found = db.session.scalar(mine, execution_options={"populate_existing": True})
        if found is None:
            raise NotFound
        self._expect(found, version)
        return found


class Rows(Repository[ImportRow]):
    """What became of the rows of one import; who may see the import may see them."""

    model = ImportRow
    permission = "imports.read"
    listing = Listing(
        filters={"state": Filter(ImportRow.state, RowState, "What became of it.")},
        sorts={"line": ImportRow.line},
        default_sort="line",
    )

    def rows(self, import_id: UUID, query: ListQuery) -> Page[ImportRowView]:
        """A page of the rows of an import."""
        return self.page(query, ROW, ImportRowView, within={ImportRow.import_id: import_id})


imports = Imports()
import_rows = Rows()


class Plan(NamedTuple):
    """What a job needs to know of an import."""

    id: UUID
    entity: str
    form: str
    file_id: UUID | None
    state: str
    mapping: list[str]
    options: ImportOptions
    line: int
    total: int | None
    job_id: UUID | None


_PLAN: Any = select(*(getattr(Import, name) for name in Plan._fields))


class Counts(NamedTuple):
    """How many rows came to what."""

    good: int = 0
    duplicates: int = 0
    faulty: int = 0
    created: int = 0
    reverted: int = 0
    kept: int = 0


class MadeRow(NamedTuple):
    """A row that something was made of."""

    id: UUID
    line: int
    entity_id: UUID
    person_id: UUID | None
    with_person: bool


def plan(import_id: UUID) -> Plan | None:
    """An import as a job finds it, whoever may see it."""
    found = db.session.execute(_PLAN.where(Import.id == import_id)).first()
    return Plan(*found) if found is not None else None


def held(import_id: UUID) -> Plan | None:
    """The same, which nobody else changes until the running unit of work is over; rows may still refer to it."""
    mine = _PLAN.where(Import.id == import_id).with_for_update(key_share=True)
    found = db.session.execute(mine).first()
    return Plan(*found) if found is not None else None


def note(import_id: UUID, **values: Any) -> None:
    """Write down how far an import is; its version stays, as nobody changed what it is."""
    mine = update(Import).where(Import.id == import_id).values(**values)
    db.session.execute(mine, execution_options=_PLAIN)


def count(import_id: UUID) -> Counts:
    """How many rows of an import came to what."""
    counted = select(ImportRow.state, func.count()).where(ImportRow.import_id == import_id).group_by(ImportRow.state)
    found: dict[str, int] = dict(db.session.execute(counted).all())
    made = ("created", "reverted", "kept")
    return Counts(
        found.get("good", 0), found.get("duplicate", 0), found.get("faulty", 0), *(found.get(n, 0) for n in made)
    )


def is_taken_back(import_id: UUID) -> bool:
    """Whether taking back what the rows of an import made has begun."""
    begun = select(ImportRow.id).where(ImportRow.import_id == import_id, ImportRow.state.in_(("reverted", "kept")))
    return db.session.scalar(begun.limit(1)) is not None


def keep(import_id: UUID, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write down what became of rows."""
    now = clock.now()
    fixed = {"import_id": import_id, "created_at": now, "updated_at": now}
    bulk.insert(ImportRow, ({"id": ids.new(), **fixed, **row} for row in rows))


def forget_rows(import_id: UUID) -> None:
    """Forget what became of the rows, or would have."""
    db.session.execute(delete(ImportRow).where(ImportRow.import_id == import_id), execution_options=_PLAIN)


def lines_of(import_id: UUID, entity_ids: Iterable[UUID]) -> dict[UUID, int]:
    """The rows of an import that these things were made of."""
    wanted = select(ImportRow.entity_id, ImportRow.line).where(
        ImportRow.import_id == import_id, ImportRow.entity_id.in_(list(entity_ids))
    )
    return {entity_id: line for entity_id, line in db.session.execute(wanted) if entity_id is not None}


def made(import_id: UUID, *, below: int, most: int) -> list[MadeRow]:
    """Rows that something was made of and that stands, the last ones first."""
    wanted = (
        select(ImportRow.id, ImportRow.line, ImportRow.entity_id, ImportRow.person_id, ImportRow.with_person)
        .where(ImportRow.import_id == import_id, ImportRow.state.in_(("created", "kept")), ImportRow.line < below)
        .order_by(ImportRow.line.desc())
        .limit(most)
    )
    found: Iterable[Any] = db.session.execute(wanted)
    return [MadeRow(*row) for row in found]


def judge(row_ids: Sequence[UUID], *, state: str, because: str | None) -> None:
    """Write down whether what was made of rows was taken back."""
    mine = update(ImportRow).where(ImportRow.id.in_(row_ids)).values(state=state, kept_because=because)
    db.session.execute(mine, execution_options=_PLAIN)


def faulty(import_id: UUID) -> dict[int, list[Any]]:
    """What is wrong with which rows."""
    wanted = select(ImportRow.line, ImportRow.faults).where(
        ImportRow.import_id == import_id, ImportRow.state == "faulty"
    )
    return dict(db.session.execute(wanted).all())


def is_open(job_id: UUID | None) -> bool:
    """Whether a job waits or runs."""
    mine = select(JobEntry.id).where(JobEntry.id == job_id, JobEntry.state.in_(_OPEN))
    return job_id is not None and db.session.scalar(mine) is not None


def mapping_for(entity: str, fingerprint: str) -> list[str] | None:
    """How the last file with the same headings was mapped."""
    mine = (ImportMapping.entity == entity, ImportMapping.fingerprint == fingerprint)
    return db.session.scalar(select(ImportMapping.mapping).where(*mine))


def remember(entity: str, fingerprint: str, mapped: list[str]) -> None:
    """Remember that for the next one; two at once do not disturb each other."""
    now = clock.now()
    row = {"entity": entity, "fingerprint": fingerprint, "mapping": mapped, "agency_id": current_agency_id()}
    made_now = insert(_MAPPINGS).values(**row, id=ids.new(), version=1, created_at=now, updated_at=now)
    newest = {"mapping": made_now.excluded.mapping, "updated_at": now, "version": _MAPPINGS.c.version + 1}
    keys = ["agency_id", "entity", "fingerprint"]
    db.session.connection().execute(made_now.on_conflict_do_update(index_elements=keys, set_=newest))


def of_people(person_ids: Iterable[UUID]) -> Sequence[Import]:
    """Imports whose file is there and says something about one of these people."""
    theirs = exists().where(ImportRow.import_id == Import.id, *_about(person_ids)).correlate(Import)
    return db.session.scalars(select(Import).where(Import.file_id.is_not(None), theirs)).all()


def old(before: datetime, *, but: Sequence[UUID], most: int) -> Sequence[Import]:
    """Imports from before an instant that still have a file or rows, but those about some people."""
    return db.session.scalars(select(Import).where(*_old(before, but)).order_by(Import.id).limit(most)).all()


def count_old(before: datetime, *, but: Sequence[UUID]) -> int:
    """How many these are."""
    return db.session.scalar(select(func.count()).select_from(Import).where(*_old(before, but))) or 0


def _old(before: datetime, but: Sequence[UUID]) -> tuple[ColumnElement[bool], ...]:
    of_it = ImportRow.import_id == Import.id
    # Whatever works on it would find half of it gone.
    at_work = exists().where(JobEntry.id == Import.job_id, JobEntry.state.in_(_OPEN)).correlate(Import)
    has_rows = exists().where(of_it).correlate(Import)
    on_hold = exists().where(of_it, *_about(but)).correlate(Import)
    since = func.coalesce(Import.run_at, Import.created_at)
    return (since < before, or_(Import.file_id.is_not(None), has_rows), ~on_hold, ~at_work)


def _about(people: Iterable[UUID]) -> tuple[ColumnElement[bool]]:
    wanted = list(people)
    return (or_(ImportRow.person_id.in_(wanted), ImportRow.entity_id.in_(wanted)),)
