"""Reads files as tables: headings, then rows of cells, one by one, whatever the file claims to be."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import date, datetime, time
from typing import IO, Any, NamedTuple

from core import tabular
from core.imports.errors import Unreadable
from core.imports.schemas import MAX_CELL, MAX_COLUMNS, ImportOptions

MAX_ROWS = 100_000
MAX_LINES = 1_100_000
"""Lines that are looked at, blank ones included."""
_DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
_PIECE = 256 * 1024
_HEAD = 64 * 1024
# What Excel writes above the headings to tell itself the separator.
_SEPARATOR = re.compile(r'"?sep=(.)"?\r?\n?', re.IGNORECASE)
Cell = str | int | float | bool | date | datetime | time | None
"""What a workbook or a CSV file has in a cell; None where there is nothing."""


class Line(NamedTuple):
    """A row that says something."""

    number: int
    """As spreadsheets count."""
    cells: list[Cell]


def lines(file: IO[bytes], form: str, options: ImportOptions) -> Generator[Line, None, None]:
    """The rows that say anything, the headings first. Raises Unreadable, in the middle of it where that is."""
    if form == "xlsx":
        from core.imports.workbooks import rows as of_workbook

        raw = of_workbook(file, options.sheet)
    else:
        raw = _of_text(file, options)
    with closing(raw):
        yield from _said(raw, form)


def _said(raw: Iterable[Sequence[Any]], form: str) -> Iterator[Line]:
    count = 0
    for number, cells in enumerate(raw, start=1):
        if number > MAX_LINES:
            raise _too_many()
        read = [_cell(cell, number) for cell in cells]
        while read and read[-1] is None:
            read.pop()
        if not read:
            continue
        if len(read) > MAX_COLUMNS:
            raise Unreadable("too_many_columns", f"Row {number} has more than {MAX_COLUMNS} cells")
        count += 1
        # The headings are no row.
        if count > MAX_ROWS + 1:
            raise _too_many()
        if count == 1 and form == "csv":
            # A column may have no heading; sheets are as wide as they are asked to be.
            read += [None] * (min(len(cells), MAX_COLUMNS) - len(read))
        yield Line(number, read)


def headings(line: Line) -> list[str]:
    """What the first row says."""
    return [text_of(cell)[:200] for cell in line.cells]


def text_of(cell: Cell) -> str:
    """A cell as people write it: `12` of 12.0, dates as ISO has them."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return format(cell, ".0f") if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    return str(cell)


def _too_many() -> Unreadable:
    return Unreadable("too_many_rows", f"A file has {MAX_ROWS} rows at most: divide it")


def _cell(cell: Any, number: int) -> Cell:
    if not isinstance(cell, str):
        # What workbooks know besides, as durations, is told as text.
        return cell if cell is None or isinstance(cell, (int, float, date, datetime, time)) else str(cell)
    if len(cell) > MAX_CELL:
        raise Unreadable("cell_too_large", f"A cell of row {number} has more than {MAX_CELL} characters")
    text = cell.strip().lstrip("\ufeff")
    # Our own files have an apostrophe where a spreadsheet would begin a formula.
    if text.startswith("'") and tabular.harmless(text[1:]) == text:
        text = text[1:]
    return text or None


def _of_text(file: IO[bytes], options: ImportOptions) -> Generator[Sequence[Any], None, None]:
    encoding = _encoding(file, options.encoding)
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, errors="strict", newline="")
    try:
        first = text.readline(_HEAD)
        said = _SEPARATOR.fullmatch(first)
        if said is None:
            text.seek(0)
        delimiter = _delimiter(options.delimiter, first, said.group(1) if said else None)
        if said is not None:
            yield []
        yield from csv.reader(text, delimiter=delimiter, strict=True)
    except UnicodeError:
        raise Unreadable("encoding", f"This is no text in {encoding}; say which encoding it is") from None
    except csv.Error as error:
        large = "field limit" in str(error)
        reason, detail = ("cell_too_large", "A cell is too large") if large else ("csv", "Its quotes are not sound")
        raise Unreadable(reason, f"{detail}: {error}") from None
    finally:
        # It would close the file with itself.
        text.detach()


def _encoding(file: IO[bytes], wanted: str) -> str:
    if wanted == "utf-8":
        return "utf-8-sig"
    if wanted != "auto":
        return wanted
    file.seek(0)
    head = file.read(4)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while piece := file.read(_PIECE):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _delimiter(wanted: str, first: str, said: str | None) -> str:
    if wanted in _DELIMITERS:
        return _DELIMITERS[wanted]
    if said is not None and said in _DELIMITERS.values():
        return said
    # Whichever makes most of the first line: names of columns hold commas less often than they are parted by them.
    return max(_DELIMITERS.values(), key=lambda each: _parts(first, each))


def _parts(first: str, delimiter: str) -> int:
    return len(next(csv.reader([first], delimiter=delimiter), []))
