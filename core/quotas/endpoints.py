"""Quotas over HTTP."""

from __future__ import annotations

from core.http.blueprint import Blueprint
from core.quotas import permissions, service
from core.quotas.schemas import QuotaView

blueprint = Blueprint("quotas", description="Daily quotas: what the agency may do in a day, and what is left.")


@blueprint.get("/", permission=permissions.READ)
@blueprint.response(200, list[QuotaView])
def show() -> list[QuotaView]:
    """Show every quota of the agency and what was used of it today."""
    return service.views()
