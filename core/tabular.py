"""Tables for spreadsheets: CSV and XLSX, written row by row, in which no text can become a formula."""

from __future__ import annotations

import csv
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import StringIO
from itertools import chain
from typing import Any, Literal

from flask import Response, stream_with_context

from core.http.attachments import disposition

Form = Literal["csv", "excel", "xlsx"]
"""`csv` for programs, `excel` is CSV with the mark by which Excel knows UTF-8, `xlsx` a workbook."""
MAX_SHEET_ROWS = 1_048_576
MAX_CELL = 32_767
"""Characters in a cell of a workbook; ECMA-376 readers refuse longer ones."""

_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
# A program that takes another separator for ours begins a new cell behind it, so these count there as well.
_FORMULA = re.compile("(?:^|[;\t\r\n])[\\s\x00-\x1f\u00a0\u3000\ufeff]*(?=[=+\\-@\uff1d\uff0b\uff0d\uff20\t\r])")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BATCH = 64 * 1024
_MEDIA_TYPES: dict[Form, tuple[str, str]] = {
    "csv": ("text/csv; charset=utf-8; header=present", "csv"),
    "excel": ("text/csv; charset=utf-8; header=present", "csv"),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
}


class TooManyRows(ValueError):
    """A sheet of a workbook holds no more than 1,048,576 rows."""


def download(name: str, header: Sequence[str], rows: Iterable[Sequence[Any]], *, form: Form = "csv") -> Response:
    """The table as a file to keep; `name` without its ending. CSV leaves while `rows` is still being read."""
    return answer(name, stream_with_context(table(header, rows, form=form)), form=form)


def table(header: Sequence[str], rows: Iterable[Sequence[Any]], *, form: Form) -> Iterator[bytes]:
    """The file in pieces."""
    return workbook(header, rows) if form == "xlsx" else lines(header, rows, form=form)


def answer(name: str, body: Iterator[bytes], *, form: Form) -> Response:
    """A table that is made already, or while it is sent, as a file to keep."""
    media_type, ending = _MEDIA_TYPES[form]
    response = Response(body, content_type=media_type)
    response.headers["Content-Disposition"] = disposition(f"{name}.{ending}")
    response.headers["Cache-Control"] = "no-store"
    return response


def lines(header: Sequence[str], rows: Iterable[Sequence[Any]], *, form: Form = "csv") -> Iterator[bytes]:
    """CSV (RFC 4180) in pieces of some 64 KiB: text in quotes, numbers without."""
    buffer = StringIO("\ufeff" if form == "excel" else "", newline="")
    buffer.seek(0, 2)
    writer = csv.writer(buffer, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    writer.writerow([harmless(name) for name in header])
    for row in rows:
        writer.writerow([_plain(value) for value in row])
        if buffer.tell() > _BATCH:
            yield _taken(buffer)
    yield _taken(buffer)


def workbook(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """XLSX in pieces: cells of text are marked as such, whatever they begin with. Raises TooManyRows."""
    # Half a second of import that only exports need.
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet: Any = book.create_sheet("Data")
    try:
        for number, row in enumerate(chain([header], rows), start=1):
            if number > MAX_SHEET_ROWS:
                raise TooManyRows(f"A sheet holds {MAX_SHEET_ROWS} rows at most")
            sheet.append([_cell(sheet, value) for value in row])
    except BaseException:
        # The sheet lies in a file of its own until it is saved, and the library would keep that to the end.
        sheet.close()
        sheet._writer.cleanup()  # noqa: SLF001 - there is no other way to it
        raise
    with tempfile.SpooledTemporaryFile(max_size=4 * 1024 * 1024) as file:
        book.save(file)
        file.seek(0)
        while piece := file.read(_BATCH):
            yield piece


def harmless(text: str) -> str:
    """Text that spreadsheets show and never work out: an apostrophe stands before what would begin a formula."""
    return text if _NUMBER.fullmatch(text) else _FORMULA.sub(lambda found: f"{found.group()}'", text)


def _plain(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        # Without an exponent where it would have one, as 1E+3 has.
        return Decimal(format(value, "f"))
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else harmless(str(value))


def _cell(sheet: Any, value: Any) -> Any:
    if value is None or isinstance(value, (int, float, Decimal)):
        return value
    if isinstance(value, datetime) and value.tzinfo is not None:
        # Cells know no offset; text says which instant it is.
        value = value.isoformat(sep=" ", timespec="seconds")
    elif isinstance(value, date):
        return value
    text = _NOT_XML.sub("", str(value))[:MAX_CELL]
    formula = _FORMULA.match(text) is not None
    if not formula and not text.startswith("#"):
        # The library takes nothing else for more than text, and is much quicker with it.
        return text
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, value=text)
    # Otherwise the library makes a formula of what begins with `=`, and an error of `#N/A`.
    cell.data_type = "s"
    # And so that it stays text when somebody edits the cell.
    cell.quotePrefix = formula
    return cell


def _taken(buffer: StringIO) -> bytes:
    # Half a surrogate pair is no character of any file.
    piece = buffer.getvalue().encode("utf-8", "replace")
    buffer.seek(0)
    buffer.truncate()
    return piece
