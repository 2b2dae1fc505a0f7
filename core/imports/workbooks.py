"""Reads sheets of workbooks, row by row: what the cells show, never formulas, links or anything outside."""

from __future__ import annotations

import warnings
from collections.abc import Generator, Sequence
from typing import IO, Any

import structlog
from openpyxl.packaging.manifest import Override
from openpyxl.reader.excel import ExcelReader
from openpyxl.xml.constants import WORKSHEET_TYPE

from core.errors import Problem
from core.imports.errors import Unreadable
from core.imports.schemas import MAX_COLUMNS

log = structlog.get_logger()
MAX_PART = 30 * 1024 * 1024
"""Bytes of a part that is read as a whole, as the texts that cells have in common: a second or two for each ten."""


class _Reader(ExcelReader):
    def read_manifest(self) -> None:
        super().read_manifest()
        parts: Sequence[Override] = self.package.Override
        sheets = {each.PartName[1:] for each in parts if each.ContentType == WORKSHEET_TYPE}
        # What is said to be a sheet and something else is read as a whole, too.
        sheets -= {each.PartName[1:] for each in parts if each.ContentType != WORKSHEET_TYPE}
        if any(part.file_size > MAX_PART and part.filename not in sheets for part in self.archive.infolist()):
            raise Unreadable("too_large", "This workbook has more text or styles than can be read; save it as CSV")


def rows(file: IO[bytes], sheet: str | None) -> Generator[Sequence[Any], None, None]:
    """The rows of a sheet, the first one where none is named. Raises Unreadable."""
    file.seek(0)
    try:
        with warnings.catch_warnings():
            # About what it does not keep, as colours.
            warnings.simplefilter("ignore")
            reader = _Reader(file, read_only=True, data_only=True, keep_links=False)
            reader.read()
            book: Any = reader.wb
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
        told = f"There is no such sheet; there are: {', '.join(names[:20])}"
        raise Unreadable("sheet", told, pointer="/options/sheet")
    return book.worksheets[names.index(wanted)]
