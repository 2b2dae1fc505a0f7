"""People's data over HTTP."""

from __future__ import annotations

from uuid import UUID

from core.db.query import ListQuery, Page
from core.http.blueprint import Blueprint
from core.plugins.manager import installed
from core.privacy import asking, catalogue, erasures, exports, holds, keeping, permissions
from core.privacy.repository import Holds, Requests, requests
from core.privacy.schemas import (
    BundleView,
    CatalogueView,
    ErasureDraft,
    ExportDraft,
    ForecastList,
    HoldDraft,
    HoldView,
    PreviewDraft,
    PreviewView,
    RequestView,
    RetentionList,
    RetentionPatch,
    RetentionView,
)

blueprint = Blueprint("privacy", description="What is kept about people, handing it to them, and erasing it.")


@blueprint.get("/catalogue", permission=permissions.READ)
@blueprint.response(200, CatalogueView)
def show_catalogue() -> CatalogueView:
    """List every table and column that holds something about people."""
    return CatalogueView(catalogue.tables(installed()))


@blueprint.post("/me", signed_in=True, cost=10, credentials=True)
@blueprint.response(200, BundleView)
def hand_out_mine() -> bytes:
    """Put together everything the agency knows about oneself."""
    return exports.of_oneself()


@blueprint.get("/requests", permission=permissions.READ)
@blueprint.listing(Requests.listing)
@blueprint.response(200, Page[RequestView])
def search_requests(query: ListQuery) -> Page[RequestView]:
    """List exports and erasures, newest first."""
    return requests.rows(query)


@blueprint.get("/requests/<uuid:request_id>", permission=permissions.READ)
@blueprint.response(200, RequestView)
def show_request(request_id: UUID) -> RequestView:
    """Show an export or erasure, and what came of it."""
    return requests.shown(request_id)


@blueprint.post("/requests/<uuid:request_id>/bundle", permission=permissions.EXPORT, credentials=True)
@blueprint.response(200, BundleView)
def hand_out(request_id: UUID) -> bytes:
    """Hand an export out, for seven days. The log tells to whom."""
    return exports.hand_out(request_id)


@blueprint.post("/exports", permission=permissions.EXPORT, cost=10)
@blueprint.arguments(ExportDraft)
@blueprint.response(202, RequestView)
def export(draft: ExportDraft) -> RequestView:
    """Have everything about a person put together."""
    return asking.export(draft.subject)


@blueprint.post("/erasures", permission=permissions.ERASE, step_up=True, cost=10)
@blueprint.arguments(ErasureDraft)
@blueprint.response(202, RequestView)
def erase(draft: ErasureDraft) -> RequestView:
    """Have everything about a person erased."""
    return asking.erasure(draft)


@blueprint.post("/erasures/preview", permission=permissions.ERASE, cost=10)
@blueprint.arguments(PreviewDraft)
@blueprint.response(200, PreviewView)
def preview(draft: PreviewDraft) -> PreviewView:
    """Show what an erasure would do, without doing it."""
    return erasures.preview(draft.subject)


@blueprint.get("/holds", permission=permissions.READ)
@blueprint.listing(Holds.listing)
@blueprint.response(200, Page[HoldView])
def search_holds(query: ListQuery) -> Page[HoldView]:
    """List legal holds."""
    return holds.rows(query)


@blueprint.post("/holds", permission=permissions.MANAGE)
@blueprint.arguments(HoldDraft)
@blueprint.response(201, HoldView)
def place_hold(draft: HoldDraft) -> HoldView:
    """Keep everything about a person from being erased."""
    return holds.place(draft)


@blueprint.get("/holds/<uuid:hold_id>", permission=permissions.READ)
@blueprint.response(200, HoldView)
def show_hold(hold_id: UUID) -> HoldView:
    """Show a legal hold."""
    return holds.view(hold_id)


@blueprint.post("/holds/<uuid:hold_id>/release", permission=permissions.MANAGE, step_up=True)
@blueprint.if_match
@blueprint.response(200, HoldView)
def release_hold(hold_id: UUID, version: int | None) -> HoldView:
    """Let a person's data be erased again."""
    return holds.release(hold_id, version=version)


@blueprint.get("/retention", permission=permissions.READ)
@blueprint.response(200, RetentionList)
def show_retention() -> RetentionList:
    """Show how long everything is kept that has an end."""
    return RetentionList(keeping.rows())


@blueprint.patch("/retention/<name>", permission=permissions.MANAGE, step_up=True)
@blueprint.arguments(RetentionPatch)
@blueprint.response(200, RetentionView)
def change_retention(patch: RetentionPatch, name: str) -> RetentionView:
    """Set how long something is kept: longer at once, for less time after a day."""
    return keeping.change(name, patch)


@blueprint.post("/forecast", permission=permissions.MANAGE, cost=10)
@blueprint.response(200, ForecastList)
def forecast_retention() -> ForecastList:
    """Show what would be removed, by what was chosen also where it is not in effect yet."""
    return ForecastList(keeping.forecast())
