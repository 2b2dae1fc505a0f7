"""Takes a list out of the agency: all of it as it was at one instant, in memory that does not grow with it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import tzinfo
from typing import IO, Any
from zoneinfo import ZoneInfo

from flask import Response
from msgspec import structs

from core import clock, disclosure, ids, tabular
from core.actor import current_permission, using
from core.agencies import api as agencies
from core.custom_fields import definitions as fields
from core.db.query import ListQuery, Page
from core.db.session import snapshot
from core.events.log import publish
from core.exports import columns, permissions
from core.exports.columns import Column
from core.exports.errors import TooLarge
from core.exports.events import ListExported
from core.exports.schemas import ExportQuery, Form
from core.listed import Listed
from core.quotas import api as quotas
from core.reach import narrower

COST = 20
"""How many ordinary requests an export counts for."""
LIMIT = "30/minute"
"""For all of an agency together: each takes seconds where the list is long."""
MOST = 250_000
"""Rows in one file: what takes well under a minute to write."""
MOST_IN_WORKBOOK = 100_000
"""Each of its cells takes several times as long."""
_AT_ONCE = 1_000
"""Rows in one statement."""
_IN_MEMORY = 4 * 1024 * 1024
_PIECE = 64 * 1024


def download(listed: Listed[Any], query: ListQuery, asked: ExportQuery) -> Response:
    """The rows that are asked for as a file. That they left the agency is recorded before the first byte is sent.

    All of them are as they were at one instant (REPEATABLE READ): the file is made before any of it is sent, so nobody
    who reads slowly keeps a transaction open. Raises Invalid, HiddenField, TooLarge, QuotaExceeded.
    """
    wanted = columns.chosen(listed, named(asked.columns) or query.columns)
    zone = ZoneInfo(agencies.agency_view().zone)
    reach = narrower(current_permission() or listed.permission, listed.permission)
    with snapshot(), fields.once(), using(reach):
        # The file is paid for once it is made: whoever cannot pay has none made.
        quotas.require(permissions.FILES.name)
        first = _page(listed, structs.replace(query, count="exact"))
        total = first.total or 0
        most = min(MOST, MOST_IN_WORKBOOK) if asked.form == "xlsx" else MOST
        if total > most:
            raise TooLarge(f"They are {total}, and such a file holds {most} rows at most")
        rows = _rows(listed, query, first, wanted, zone, asked.form)
        file, size = _written(_heading(wanted, zone, asked.form), rows, asked.form)
    try:
        _record(listed, query, asked.form, wanted, total)
    except BaseException:
        file.close()
        raise
    return _answer(f"{listed.title} {clock.now().astimezone(zone):%Y-%m-%d}", file, size, asked.form)


def named(text: str) -> list[str]:
    """The names of columns that somebody wrote one after the other."""
    return [name.strip() for name in text.split(",") if name.strip()]


def narrowed_by(query: ListQuery) -> list[str]:
    """The names of what decides which rows are in it: values may be words about a person."""
    spelled = (each.name if each.operator == "eq" else f"{each.name}.{each.operator}" for each in query.conditions)
    return [*spelled, *(["q"] if query.q else [])]


def _page(listed: Listed[Any], query: ListQuery) -> Page[Any]:
    return listed.rows(structs.replace(query, limit=_AT_ONCE))


def _rows(
    listed: Listed[Any], query: ListQuery, page: Page[Any], wanted: Sequence[Column], zone: tzinfo, form: Form
) -> Iterator[list[Any]]:
    names = [each.name for each in wanted if each.added]
    while True:
        added = listed.additions.values([row.id for row in page.items], names) if listed.additions and names else {}
        for row in disclosure.disclosed(page.items, list[listed.row]):  # type: ignore[name-defined] # a runtime type
            yield columns.cells(wanted, row, added.get(row.id, {}), zone=zone, form=form)
        if page.next is None:
            return
        page = _page(listed, structs.replace(query, cursor=page.next, count="none"))


def _heading(wanted: Sequence[Column], zone: tzinfo, form: Form) -> list[str]:
    """Names for programs, titles for people."""
    if form == "csv":
        return [name for each in wanted for name in each.names()]
    return [title for each in wanted for title in each.titles(zone)]


def _written(heading: Sequence[str], rows: Iterable[Sequence[Any]], form: Form) -> tuple[IO[bytes], int]:
    """The whole file, on disk where it is large, and its size."""
    # Closed by whoever sends it.
    file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
    try:
        for piece in tabular.table(heading, rows, form=form):
            file.write(piece)
    except BaseException:
        file.close()
        raise
    size = file.tell()
    file.seek(0)
    return file, size


def _record(listed: Listed[Any], query: ListQuery, form: Form, wanted: Sequence[Column], rows: int) -> None:
    publish(
        ListExported(
            export_id=ids.new(),
            entity=listed.entity,
            form=form,
            columns=[each.name for each in wanted],
            narrowed_by=narrowed_by(query),
            rows=rows,
        )
    )
    # Last: colleagues wait for each other's commit here.
    quotas.spend(permissions.FILES.name)


def _answer(name: str, file: IO[bytes], size: int, form: Form) -> Response:
    body = _pieces(file) if size > _IN_MEMORY else iter([*_pieces(file)])
    response = tabular.answer(name, body, form=form)
    # Whoever gets less than this knows that something is missing.
    response.content_length = size
    # Where the other side hangs up, nobody reads to the end.
    response.call_on_close(file.close)
    return response


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE):
            yield piece
