"""The routes with which a plugin's list is taken away as a file."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Request, Response

from core.db.query import ListQuery
from core.exports import columns, taking
from core.exports.schemas import ExportQuery, FileColumnView
from core.http.blueprint import Blueprint
from core.listed import Listed
from core.plugins.spec import Permission

_MEDIA_TYPES = ("text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")


def offer(blueprint: Blueprint, listed: Listed[Any], *, permission: Permission) -> None:
    """Give a plugin's list `POST /export`, which takes what `GET /` takes, and `GET /export/columns`."""

    @blueprint.post(
        "/export", permission=permission, cost=taking.COST, agency_limit=taking.LIMIT, idempotency="off", uncached=True
    )
    @blueprint.selection(listed, check=partial(_check_columns, listed))
    @blueprint.query(ExportQuery)
    @blueprint.file(*_MEDIA_TYPES)
    def export(query: ListQuery, asked: ExportQuery) -> Response:
        """Take the list away as a file: its filters, sort and search, and the columns that are named."""
        return taking.download(listed, query, asked)

    @blueprint.get("/export/columns", permission=permission)
    @blueprint.response(200, list[FileColumnView])
    def export_columns() -> list[FileColumnView]:
        """List the columns that a file of the list can have."""
        return columns.views(listed)


def _check_columns(listed: Listed[Any], request: Request) -> None:
    """Raise Invalid for columns there are not, whatever else is wrong: the view never gets to see them then."""
    asked = taking.named(request.args.get("columns", ""))
    if asked:
        columns.chosen(listed, asked)
