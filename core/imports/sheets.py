"""Files that go out: what was wrong with the rows of an import beside their cells, and empty ones to fill in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from flask import Response

from core import tabular
from core.files import api as files
from core.imports import mapping, reading, repository, service
from core.imports.errors import FileGone
from core.imports.repository import imports
from core.imports.schemas import RowFault


def faults(import_id: UUID) -> Response:
    """The faulty rows with what is wrong with each. Raises NotFound, FileGone."""
    imports.require(import_id)
    plan = repository.plan(import_id)
    if plan is None or plan.file_id is None:
        raise FileGone
    wrong = repository.faulty(import_id)
    lines = reading.lines(files.content(plan.file_id), plan.form, plan.options)
    first = next(lines, None)
    heading = reading.headings(first) if first is not None else []
    # What is written is read from the file as it goes; of the answers the file's row is all that was asked for.
    return tabular.download("Faulty rows", ["row", "faults", *heading], _faulty(lines, wrong, len(heading)))


def template(entity: str) -> Response:
    """An empty file with every heading. Raises NotFound, Forbidden."""
    importer = service.importer_of(entity)
    return tabular.download(importer.title, [each.name for each in mapping.columns(importer)], [])


def _faulty(lines: Iterator[reading.Line], wrong: dict[int, list[RowFault]], width: int) -> Iterator[list[Any]]:
    for line in lines:
        found = wrong.get(line.number)
        if found is not None:
            texts = [reading.text_of(cell) for cell in line.cells]
            yield [line.number, "; ".join(map(_sentence, found)), *texts, *[""] * (width - len(texts))]


def _sentence(fault: RowFault) -> str:
    return f"{fault.column}: {fault.message}" if fault.column else fault.message
