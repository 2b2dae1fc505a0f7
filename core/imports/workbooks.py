"""Reads sheets of workbooks, row by row: what the cells show, never formulas, links or anything outside."""

from __future__ import annotations

import warnings
from collections.abc import Generator, Sequence
from typing import IO, Any

import structlog
from openpyxl import load_workbook

from core.errors import Problem
from core.imports.errors import Unreadable
from core.imports.schemas import MAX_COLUMNS

log = structlog.get_logger()


def rows(file: IO[bytes], sheet: str | None) -> Generator[Sequence[Any], None, None]:
    """The rows of a sheet, the first one where none is named. Raises Unreadable."""
    file.seek(0)
    try:
        with warnings.catch_warnings():
            # About what it does not keep, as colours.
            warnings.simplefilter("ignore")
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            try:
                found: Any = _sheet(book, sheet)
                # What the sheet says of its own size need not be so.
                found.reset_dimensions()
                yield from found.iter_rows(values_only=True, max_col=MAX_COLUMNS + 1)
            finally:
                book.close()
    except (Problem, GeneratorExit):
        raise
    except Exception as error:  # noqa: BLE001 - the library raises whatever it trips over
        log.info("imports.workbook_refused", cause=type(error).__name__)
        raise Unreadable("workbook", "This workbook is damaged") from None


def _sheet(book: Any, wanted: str | None) -> Any:
    names = [each.title for each in book.worksheets]
    if not names:
        raise Unreadable("workbook", "This workbook has no sheet with cells")
    if wanted is None:
        return book.worksheets[0]
    if wanted not in names:
        raise Unreadable("sheet", f"There is no such sheet; there are: {', '.join(names[:20])}")
    return book.worksheets[names.index(wanted)]
