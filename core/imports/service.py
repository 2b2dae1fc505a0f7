"""What can be done with imports."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from flask import current_app, request
from msgspec import UNSET, structs

from core import fields
from core.actor import current_actor, current_user_id
from core.db.query import ListQuery, Page
from core.errors import Fault, Forbidden, Invalid, NotFound, gather
from core.events.log import publish
from core.files import api as files
from core.http import gates
from core.imports import jobs, keeping, mapping, permissions, reading, repository
from core.imports import rows as understanding
from core.imports.errors import AlreadyRun, FileGone, ImportUnderway, NotChecked, NothingToRevert, Unreadable
from core.imports.events import ImportBegun, ImportForgotten, ImportUploaded
from core.imports.importer import Importer
from core.imports.models import Import
from core.imports.repository import import_rows, imports
from core.imports.schemas import (
    Doer,
    ImportColumnView,
    ImportEntityView,
    ImportOptions,
    ImportOptionsPatch,
    ImportPatch,
    ImportRowView,
    ImportView,
)
from core.jobs.job import Job
from core.money import check_currency
from core.native import in_lane
from core.plugins.manager import installed, is_on
from core.quotas import api as quotas
from core.uploads import kinds
from core.uploads.receiving import Upload

ACCEPTS = kinds.Accepts(kinds=kinds.TABLES, max_bytes=20 * kinds.MIB, max_unpacked=150 * kinds.MIB)
T = TypeVar("T")
_READING = ("encoding", "delimiter", "sheet")
_WORKING = ("checking", "running", "reverting")


def entities() -> list[ImportEntityView]:
    """What rows can become, of whatever the caller may make."""
    return [_entity(each) for each in installed().imports.values() if is_on(each.owner) and _may_make(each)]


def importer_of(entity: str) -> Importer[Any]:
    """How rows become things of a kind. Raises NotFound, Forbidden."""
    found = installed().imports.get(entity)
    if found is None or not is_on(found.owner):
        raise NotFound
    permission = found.permission.name
    current_actor().require(permission)
    reason = gates.denial(current_app, current_actor(), permission, request.endpoint or "")
    if reason is not None:
        raise Forbidden(reason)
    return found


def upload(entity: str, file: Upload) -> ImportView:
    """Take in a file. Raises NotFound, Forbidden, Unreadable, StorageFull."""
    importer = importer_of(entity)
    form = "xlsx" if file.media_type == kinds.XLSX.media_types[0] else "csv"
    options = ImportOptions(duplicate_score=importer.least)
    headings = _headings(file.content, form, options)
    file.content.seek(0)
    made = Import(
        entity=entity,
        state="new",
        owner_id=current_user_id(),
        file_id=files.keep(file, purpose="imports.file"),
        form=form,
        name=file.name,
        headings=headings,
        fingerprint=mapping.fingerprint(headings),
        mapping=mapping.suggested(importer, headings),
        options=options,
        **dict.fromkeys(("line", "good", "duplicates", "faulty", "created", "reverted", "kept"), 0),
    )
    imports.add(made)
    publish(ImportUploaded(import_id=made.id, entity=entity), of=made)
    quotas.spend(permissions.FILES.name)
    return imports.written(made.id)


def rows(query: ListQuery) -> Page[ImportView]:
    """A page of imports."""
    return imports.rows(query)


def view(import_id: UUID) -> ImportView:
    """An import. Raises NotFound."""
    return imports.shown(import_id)


def rows_of(import_id: UUID, query: ListQuery) -> Page[ImportRowView]:
    """A page of what became of its rows. Raises NotFound."""
    imports.require(import_id)
    return import_rows.rows(import_id, query)


def change(import_id: UUID, patch: ImportPatch, *, version: int | None) -> ImportView:
    """Correct how the headings are mapped and how the file is read. Raises NotFound, Invalid, ImportUnderway..."""
    found = imports.locked(import_id, version=version)
    importer = importer_of(found.entity)
    _refuse_work(found)
    _refuse_run(found)
    if not patch.changes():
        return imports.shown(import_id)
    options = found.options if patch.options is UNSET else _changed(found.options, patch.options, found.form)
    mapped = found.mapping if patch.mapping is UNSET else [name or "" for name in patch.mapping]
    headings = found.headings
    if any(getattr(options, name) != getattr(found.options, name) for name in _READING):
        headings = _headings(files.content(_file_id(found)), found.form, options)
        if headings != found.headings and patch.mapping is UNSET:
            mapped = mapping.suggested(importer, headings)
    wrong = mapping.faults(importer, mapped, len(headings), [*options.defaults])
    # What is missing may be said later: the check asks for it.
    wrong = [fault for fault in wrong if fault.code != "required"]
    if patch.options is not UNSET:
        wrong += understanding.faults_of_defaults(importer, options)
    if wrong:
        raise Invalid(errors=wrong)
    found.options, found.mapping, found.headings = options, mapped, headings
    found.fingerprint = mapping.fingerprint(headings)
    found.state, found.problem = "new", None
    imports.save()
    return imports.written(import_id)


def check(import_id: UUID) -> ImportView:
    """Have every row tried without bringing any in. Raises NotFound, Invalid, FileGone, ImportUnderway, AlreadyRun."""
    found = imports.locked(import_id)
    importer = importer_of(found.entity)
    _refuse_work(found)
    _refuse_run(found)
    _file_id(found)
    wrong = mapping.faults(importer, found.mapping, len(found.headings), [*found.options.defaults])
    if wrong:
        raise Invalid(errors=wrong)
    return _begin(found, jobs.check, state="checking")


def run(import_id: UUID) -> ImportView:
    """Have the rows brought in, or go on with that. Raises NotFound, NotChecked, AlreadyRun, FileGone..."""
    found = imports.locked(import_id)
    importer_of(found.entity)
    _refuse_work(found)
    # What is taken back, be it in part, comes in by another import.
    if found.run_at is not None or found.state == "reverted" or repository.is_taken_back(found.id):
        raise AlreadyRun
    if found.checked_at is None or found.state in ("new", "checking"):
        raise NotChecked
    _file_id(found)
    repository.remember(found.entity, found.fingerprint, found.mapping)
    publish(ImportBegun(import_id=found.id, entity=found.entity))
    return _begin(found, jobs.run, state="running")


def revert(import_id: UUID) -> ImportView:
    """Have what was made taken back, or go on with that. Raises NotFound, NothingToRevert, ImportUnderway."""
    found = imports.locked(import_id)
    importer_of(found.entity)
    _refuse_work(found)
    counts = repository.count(found.id)
    if not counts.created + counts.kept:
        raise NothingToRevert
    return _begin(found, jobs.revert, state="reverting")


def forget(import_id: UUID, *, version: int | None) -> None:
    """Delete the file, now rather than after its time. Raises NotFound, ImportUnderway, PreconditionFailed."""
    found = imports.locked(import_id, version=version)
    _refuse_work(found)
    keeping.empty(found)
    publish(ImportForgotten(import_id=found.id))


def read_aside(form: str, work: Callable[[], T]) -> T:
    """Read a file while somebody waits for the answer. Raises Unavailable where too many do."""
    # Before its first row a workbook has other parts, which take seconds where they are large.
    return in_lane(work, busy="Too many workbooks at once") if form == "xlsx" else work()


def _begin(found: Import, job: Job[[UUID, Doer]], *, state: str) -> ImportView:
    found.state, found.problem = state, None
    # Whoever asks holds the import, and what works on it by now was looked for: there are never two.
    found.job_id = job.enqueue(found.id, _doer())
    imports.save()
    return imports.written(found.id)


def _doer() -> Doer:
    actor = current_actor()
    return Doer(
        user_id=current_user_id(),
        grants={name: str(scope) for name, scope in actor.grants.items()},
        session_id=actor.session_id,
        impersonator_id=actor.impersonator_id,
        key_id=actor.key_id,
    )


def _refuse_work(found: Import) -> None:
    # A job that was cancelled before it began, or lies with the dead letters, is at no work.
    if found.state in _WORKING and repository.is_open(found.job_id):
        raise ImportUnderway


def _refuse_run(found: Import) -> None:
    if found.line or found.state in ("running", "done", "reverting", "reverted"):
        raise AlreadyRun


def _file_id(found: Import) -> UUID:
    if found.file_id is None:
        raise FileGone
    return found.file_id


def _headings(file: Any, form: str, options: ImportOptions) -> list[str]:
    """The headings of a file that has a row besides. Raises Unreadable, Unavailable."""
    return read_aside(form, lambda: _first(file, form, options))


def _first(file: Any, form: str, options: ImportOptions) -> list[str]:
    lines = reading.lines(file, form, options)
    first, second = next(lines, None), next(lines, None)
    lines.close()
    if first is None or second is None:
        raise Unreadable("empty", "There is nothing below the headings" if first else "There is nothing in it")
    return reading.headings(first)


def _changed(options: ImportOptions, patch: ImportOptionsPatch, form: str) -> ImportOptions:
    """Options that are sound for a file. Raises Invalid with every fault."""
    changed = structs.replace(options, **patch.changes())
    checks: list[Callable[[], object]] = []
    if changed.phone_country is not None:
        checks.append(partial(fields.check_country, changed.phone_country, pointer="/options/phone_country"))
    if changed.currency is not None:
        checks.append(partial(check_currency, changed.currency, pointer="/options/currency"))
    if changed.sheet is not None and form == "csv":
        checks.append(_refuse_sheet)
    gather(*checks)
    return changed


def _refuse_sheet() -> None:
    raise Invalid(errors=[Fault("/options/sheet", "value", "Only workbooks have sheets")])


def _may_make(importer: Importer[Any]) -> bool:
    return current_actor().scope_of(importer.permission.name) is not None


def _entity(importer: Importer[Any]) -> ImportEntityView:
    columns = [
        ImportColumnView(each.name, each.label, each.kind, each.required, [*each.choices])
        for each in mapping.columns(importer)
    ]
    return ImportEntityView(importer.entity, importer.title, columns)
