"""Makes a Draft of a row: the cells that are mapped, in their places, and every fault by the column it is in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from core import disclosure
from core.disclosure import HiddenField
from core.errors import Fault, Invalid
from core.http import faults as finding
from core.imports import mapping
from core.imports.cells import Reader
from core.imports.importer import Column, Importer
from core.imports.reading import Cell, Line, text_of
from core.imports.schemas import ImportOptions, RowFault

MOST_FAULTS = 50
Said = Mapping[str, set[str]]
"""What the cells of a row say, as it is written and as it was understood, by column."""


class Read(NamedTuple):
    """A row as it was understood."""

    line: int
    draft: Any
    """What becomes of it; None where it cannot even be tried."""
    faults: list[RowFault]
    columns: dict[str, str]
    """The column that filled each place of the Draft, by pointer."""
    said: Said
    """For keeping it out of messages."""
    dropped: set[str]
    """The places of whatever could not be read, and is not in the Draft."""


class _Leaf(NamedTuple):
    """A value, and the column it comes from."""

    column: str
    value: Any


class Understanding:
    """Reads the rows of one file as Drafts of one kind."""

    def __init__(self, importer: Importer[Any], mapped: Sequence[str], options: ImportOptions) -> None:
        self.importer = importer
        self.reader = Reader(options)
        known = {each.name: each for each in mapping.columns(importer)}
        self._columns = [known.get(name) for name in mapped]
        self._defaults = [(known[name], text) for name, text in options.defaults.items() if name in known]
        self._places = {each.path: each.name for each in (*filter(None, self._columns), *known.values())}
        self._country = next((each for each in known.values() if each.path.endswith("/country")), None)

    def read(self, line: Line) -> Read:
        """One row, with everything that its cells alone show to be wrong."""
        cells = dict(self._cells(line))
        for column, text in self._defaults:
            cells.setdefault(column.name, (column, text))
        said = {name: {text_of(cell)} for name, (_, cell) in cells.items()}
        faults = self._ragged(line)
        country = self._read_country(cells)
        places: list[tuple[str, str, Any]] = []
        dropped: set[str] = set()
        for name, (column, cell) in cells.items():
            try:
                value = None if cell is None else self.reader.read(column, cell, country=country)
            except Invalid as wrong:
                # Readers quote nothing.
                faults += [RowFault(name, fault.code, fault.message) for fault in wrong.errors]
                dropped.add(column.path)
            else:
                places.append((name, column.path, value))
                said[name] |= _words(value)
        plain, columns = _placed(places, self.reader, dropped)
        draft, more = self._converted(plain, columns, dropped, said)
        return Read(line.number, draft, (faults + more)[:MOST_FAULTS], columns, said, dropped)

    def told(self, read: Read, faults: Iterable[Fault]) -> list[RowFault]:
        """The faults that a service found in a Draft, by column."""
        # What is missing may be what could not be read.
        real = [each for each in faults if each.code != "required" or not _is_under(each.pointer, read.dropped)]
        return [_told(self._column_of(fault.pointer, read.columns), fault, read.said) for fault in real]

    def _column_of(self, pointer: str, columns: dict[str, str]) -> str | None:
        """The column that filled a place, or the one that could have."""
        return _column_of(pointer, columns) or _column_of(pointer, self._places)

    def _cells(self, line: Line) -> Iterable[tuple[str, tuple[Column, Cell]]]:
        for column, cell in zip(self._columns, line.cells, strict=False):
            if column is not None and cell is not None:
                yield column.name, (column, cell)

    def _ragged(self, line: Line) -> list[RowFault]:
        if len(line.cells) <= len(self._columns):
            return []
        return [
            RowFault(None, "ragged", f"It has {len(line.cells)} cells, and there are {len(self._columns)} headings")
        ]

    def _read_country(self, cells: dict[str, tuple[Column, Cell]]) -> str | None:
        found = cells.get(self._country.name) if self._country is not None else None
        if found is None or found[1] is None:
            return None
        try:
            country: str = self.reader.read(*found)
        except Invalid:
            # Told where the cell itself is read.
            return None
        return country

    def _converted(
        self, plain: dict[str, Any], columns: dict[str, str], dropped: set[str], said: Said
    ) -> tuple[Any, list[RowFault]]:
        """The Draft, and what is wrong with it; where it can, one without what is wrong, so that more is found."""
        told: list[RowFault] = []
        for _ in range(2):
            try:
                draft = msgspec.convert(plain, self.importer.draft)
                disclosure.refuse_unsent(draft, self.importer.draft)
            except msgspec.ValidationError as error:
                found = finding.found(plain, self.importer.draft) or [finding.from_error(error)]
            except HiddenField as hidden:
                found = list(hidden.errors)
            else:
                return draft, told
            # What is missing because its cell could not be read has been told.
            real = [fault for fault in found if not _is_under(fault.pointer, dropped)]
            told += [_told(self._column_of(fault.pointer, columns), fault, said) for fault in real]
            wrong = {_whole(fault.pointer) for fault in found if fault.pointer}
            dropped |= wrong
            plain = _left(plain, "", wrong)
        return None, told


def faults_of_defaults(importer: Importer[Any], options: ImportOptions) -> list[Fault]:
    """What is wrong with what rows get that say nothing: each is read as a cell of its column."""
    said = Understanding(importer, (), options).read(Line(1, []))
    # What no default says, rows may say themselves.
    wrong = [fault for fault in said.faults if fault.column in options.defaults]
    return [Fault(f"/options/defaults/{fault.column}", fault.code, fault.message) for fault in wrong]


def _placed(
    places: Iterable[tuple[str, str, Any]], reader: Reader, dropped: set[str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The values in their places, and the column of each place. Lists close their gaps."""
    tree: dict[str, Any] = {}
    for name, path, value in places:
        *way, last = path.split("/")[1:]
        here = tree
        for step in way:
            here = here.setdefault(step, {})
        here[last] = _Leaf(name, value)
    columns: dict[str, str] = {}
    plain: dict[str, Any] = _settled(tree, "", columns)
    _complete(plain, reader, dropped)
    return plain, columns


def _settled(node: Any, pointer: str, columns: dict[str, str]) -> Any:
    if isinstance(node, _Leaf):
        columns[pointer] = node.column
        return node.value
    if node and all(step.isdigit() for step in node):
        entries = sorted(node, key=int)
        return [_settled(node[step], f"{pointer}/{place}", columns) for place, step in enumerate(entries)]
    return {step: _settled(member, f"{pointer}/{step}", columns) for step, member in node.items()}


def _whole(pointer: str) -> str:
    """What has to go with a place: the list that an entry is of."""
    steps = pointer.split("/")
    end = next((place for place, step in enumerate(steps) if step.isdigit()), len(steps))
    return "/".join(steps[:end])


def _left(value: Any, pointer: str, wrong: set[str]) -> Any:
    """A value without some of its members."""
    if not isinstance(value, dict):
        return value
    places = {name: f"{pointer}/{name}" for name in value}
    return {name: _left(value[name], place, wrong) for name, place in places.items() if place not in wrong}


def _complete(plain: dict[str, Any], reader: Reader, dropped: set[str], pointer: str = "") -> None:
    """Money without a currency is the usual one's, and a currency without an amount is none."""
    for name, value in list(plain.items()):
        here = f"{pointer}/{name}"
        if not isinstance(value, dict) or not value.keys() <= {"amount", "currency"}:
            if isinstance(value, dict):
                _complete(value, reader, dropped, here)
            continue
        if value.get("amount") is None or f"{here}/currency" in dropped:
            # In the usual currency it would be another amount, with faults of its own.
            del plain[name]
        elif not value.get("currency"):
            value["currency"] = reader.currency


def _column_of(pointer: str, columns: dict[str, str]) -> str | None:
    """The column that filled a place, or a part of it, or what it is a part of."""
    found = columns.get(pointer)
    if found is not None:
        return found
    near = (name for place, name in columns.items() if _is_under(place, {pointer}) or _is_under(pointer, {place}))
    return next(near, None) if pointer else None


def _is_under(pointer: str, places: set[str]) -> bool:
    return any(
        pointer == place or pointer.startswith(f"{place}/") or place.startswith(f"{pointer}/") for place in places
    )


def _words(value: Any) -> set[str]:
    """A value as a message may quote it."""
    return {str(each) for each in (value if isinstance(value, list) else [value])}


def _told(column: str | None, fault: Fault, said: Said) -> RowFault:
    """A fault of a row; where its message quotes the cell it is about, it is kept without that."""
    words = said.get(column, set()) if column is not None else set().union(*said.values())
    message = fault.message
    for word in sorted(filter(None, words), key=len, reverse=True):
        # As a word of its own: in others it is a part of what the message says of every cell.
        message = re.sub(rf"(?<![\w-]){re.escape(word)}(?![\w-])", "\N{HORIZONTAL ELLIPSIS}", message)
    return RowFault(column, fault.code, message)
