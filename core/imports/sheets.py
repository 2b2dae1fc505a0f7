"""Files that go out: what was wrong with the rows of an import beside their cells, and empty ones to fill in."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import IO, Any
from uuid import UUID

from flask import Response

from core import tabular
from core.errors import NotFound
from core.events.log import publish
from core.files import api as files
from core.imports import mapping, reading, repository, service
from core.imports.errors import FileGone
from core.imports.events import ImportFaultsTaken
from core.imports.repository import imports
from core.imports.schemas import RowFault

_IN_MEMORY = 4 * 1024 * 1024
_PIECE = 64 * 1024


def faults(import_id: UUID) -> Response:
    """The faulty rows with what is wrong with each; that they left is told. Raises NotFound, Forbidden, FileGone."""
    imports.require(import_id)
    plan = repository.plan(import_id)
    if plan is None:
        raise NotFound
    # What the cells say is for those who may make, and so see, what becomes of them.
    service.importer_of(plan.entity)
    if plan.file_id is None:
        raise FileGone
    wrong = repository.faulty(import_id)
    publish(ImportFaultsTaken(import_id=import_id, entity=plan.entity, rows=len(wrong)))
    file = files.content(plan.file_id)
    # Made as a whole before any of it is sent: the file that it is made of is closed with the request.
    made = service.read_aside(plan.form, lambda: _sheet(reading.lines(file, plan.form, plan.options), wrong))
    answer = tabular.answer("Faulty rows", _pieces(made), form="csv")
    # Where the other side hangs up, nobody reads to the end.
    answer.call_on_close(made.close)
    return answer


def template(entity: str) -> Response:
    """An empty file with every heading. Raises NotFound, Forbidden."""
    importer = service.importer_of(entity)
    return tabular.download(importer.title, [each.name for each in mapping.columns(importer)], [])


def _sheet(lines: Iterator[reading.Line], wrong: dict[int, list[RowFault]]) -> IO[bytes]:
    first = next(lines, None)
    heading = reading.headings(first) if first is not None else []
    made = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed with the answer
    made.writelines(tabular.lines(["row", "faults", *heading], _faulty(lines, wrong, len(heading))))
    made.seek(0)
    return made


def _faulty(lines: Iterator[reading.Line], wrong: dict[int, list[RowFault]], width: int) -> Iterator[list[Any]]:
    left = len(wrong)
    # A large file takes a while: nothing is read behind the last one.
    while left and (line := next(lines, None)) is not None:
        found = wrong.get(line.number)
        if found is not None:
            left -= 1
            texts = [reading.text_of(cell) for cell in line.cells]
            yield [line.number, "; ".join(map(_sentence, found)), *texts, *[""] * (width - len(texts))]


def _sentence(fault: RowFault) -> str:
    return f"{fault.column}: {fault.message}" if fault.column else fault.message


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE):
            yield piece
