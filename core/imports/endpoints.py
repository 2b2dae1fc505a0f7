"""Imports over HTTP."""

from __future__ import annotations

from uuid import UUID

from flask import Response

from core.db.query import ListQuery, Page
from core.http.blueprint import Blueprint
from core.imports import permissions, service, sheets
from core.imports.repository import Imports, Rows
from core.imports.schemas import ImportEntityView, ImportPatch, ImportRowView, ImportView
from core.uploads.receiving import Upload

blueprint = Blueprint("imports", description="Rows of CSV files and workbooks, brought in and taken back.")
_CSV = "text/csv"
_COST = 20


@blueprint.get("/entities", permission=permissions.RUN)
@blueprint.response(200, list[ImportEntityView])
def list_entities() -> list[ImportEntityView]:
    """List what rows can become, with the columns they can have."""
    return service.entities()


@blueprint.get("/entities/<key>/template", permission=permissions.RUN)
@blueprint.file(_CSV)
def show_template(key: str) -> Response:
    """Give away an empty file with every heading that is understood."""
    return sheets.template(key)


@blueprint.post("/entities/<key>", permission=permissions.RUN, cost=_COST)
@blueprint.upload(service.ACCEPTS)
@blueprint.response(201, ImportView)
def upload(file: Upload, key: str) -> ImportView:
    """Take in a file; the answer tells its headings, and which column each seems to stand for."""
    return service.upload(key, file)


@blueprint.get("/", permission=permissions.READ)
@blueprint.listing(Imports.listing)
@blueprint.response(200, Page[ImportView])
def search(query: ListQuery) -> Page[ImportView]:
    """List imports."""
    return service.rows(query)


@blueprint.get("/<uuid:import_id>", permission=permissions.READ)
@blueprint.response(200, ImportView)
def show(import_id: UUID) -> ImportView:
    """Show an import and how far it is."""
    return service.view(import_id)


@blueprint.patch("/<uuid:import_id>", permission=permissions.RUN, problems=(409,))
@blueprint.if_match
@blueprint.arguments(ImportPatch)
@blueprint.response(200, ImportView)
def change(patch: ImportPatch, import_id: UUID, version: int | None) -> ImportView:
    """Correct which columns the headings stand for, and how the file is read."""
    return service.change(import_id, patch, version=version)


@blueprint.post("/<uuid:import_id>/check", permission=permissions.RUN, cost=_COST, problems=(409,))
@blueprint.response(202, ImportView)
def check(import_id: UUID) -> ImportView:
    """Have every row tried without bringing any in."""
    return service.check(import_id)


@blueprint.post(
    "/<uuid:import_id>/run", permission=permissions.RUN, cost=_COST, idempotency="required", problems=(409,)
)
@blueprint.response(202, ImportView)
def run(import_id: UUID) -> ImportView:
    """Have the rows brought in, those that are sound and not there yet; or go on where that stopped."""
    return service.run(import_id)


@blueprint.post(
    "/<uuid:import_id>/revert", permission=permissions.RUN, cost=_COST, idempotency="required", problems=(409,)
)
@blueprint.response(202, ImportView)
def revert(import_id: UUID) -> ImportView:
    """Have what the rows made taken back, but what somebody has worked with since."""
    return service.revert(import_id)


@blueprint.get("/<uuid:import_id>/rows", permission=permissions.READ)
@blueprint.listing(Rows.listing)
@blueprint.response(200, Page[ImportRowView])
def search_rows(query: ListQuery, import_id: UUID) -> Page[ImportRowView]:
    """List what became of the rows, or would."""
    return service.rows_of(import_id, query)


@blueprint.post(
    "/<uuid:import_id>/faults", permission=permissions.RUN, cost=_COST, idempotency="off", problems=(404, 409)
)
@blueprint.file(_CSV)
def take_faults(import_id: UUID) -> Response:
    """Take the faulty rows away as CSV, with what is wrong beside their cells. That you did is itself in the log."""
    return sheets.faults(import_id)


@blueprint.delete("/<uuid:import_id>/file", permission=permissions.RUN, problems=(409,))
@blueprint.if_match
@blueprint.response(204)
def delete_file(import_id: UUID, version: int | None) -> None:
    """Delete the file now rather than after its time; what came in stays, and can be taken back."""
    service.forget(import_id, version=version)
