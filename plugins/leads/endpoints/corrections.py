"""Correcting logged calls over HTTP."""

from __future__ import annotations

from uuid import UUID

from core.sdk import Blueprint, ListQuery, Page

from .. import permissions
from ..repository.calls import CallVersions
from ..schemas.calls import CallPatch, CallVersionView, CallView
from ..service import calls

blueprint = Blueprint("leads_calls", description="What is corrected in logged calls.")


@blueprint.patch("/<uuid:lead_id>/calls/<uuid:call_id>", permission=permissions.WRITE, problems=(410,))
@blueprint.if_match
@blueprint.arguments(CallPatch)
@blueprint.response(200, CallView)
def change(patch: CallPatch, lead_id: UUID, call_id: UUID, version: int | None) -> CallView:
    """Correct a call of one's own; anybody's with leads.delete."""
    return calls.change(lead_id, call_id, patch, version=version)


@blueprint.delete("/<uuid:lead_id>/calls/<uuid:call_id>", permission=permissions.WRITE, problems=(410,))
@blueprint.if_match
@blueprint.response(204)
def delete(lead_id: UUID, call_id: UUID, version: int | None) -> None:
    """Delete a call of one's own; anybody's with leads.delete."""
    calls.delete(lead_id, call_id, version=version)


@blueprint.get("/<uuid:lead_id>/calls/<uuid:call_id>/versions", permission=permissions.READ, problems=(410,))
@blueprint.listing(CallVersions.listing)
@blueprint.response(200, Page[CallVersionView])
def search_versions(query: ListQuery, lead_id: UUID, call_id: UUID) -> Page[CallVersionView]:
    """List what was logged of a call before it was corrected, the latest first."""
    return calls.history(lead_id, call_id, query)
