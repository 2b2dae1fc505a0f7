"""Webhooks over HTTP."""

from __future__ import annotations

from uuid import UUID

from core.sdk import Blueprint, ListQuery, Page

from . import permissions
from .repository import Deliveries, Endpoints
from .schemas import (
    DeliveryRow,
    DeliveryView,
    EndpointCreatedView,
    EndpointDraft,
    EndpointPatch,
    EndpointView,
    EventTypes,
    ReplayDraft,
    ReplayView,
    SecretView,
)
from .service import endpoints, log, messages

blueprint = Blueprint("webhooks", description="Send signed messages about what happened to addresses you choose.")


@blueprint.get("/events", permission=permissions.READ)
@blueprint.response(200, EventTypes)
def list_events() -> EventTypes:
    """List the events that can be chosen."""
    return messages.catalogue()


@blueprint.get("/endpoints", permission=permissions.READ)
@blueprint.listing(Endpoints.listing)
@blueprint.response(200, Page[EndpointView])
def search(query: ListQuery) -> Page[EndpointView]:
    """List endpoints."""
    return endpoints.rows(query)


@blueprint.post("/endpoints", permission=permissions.MANAGE, step_up=True, credentials=True, problems=(409,))
@blueprint.arguments(EndpointDraft)
@blueprint.response(201, EndpointCreatedView)
def create(draft: EndpointDraft) -> EndpointCreatedView:
    """Add an endpoint; its secret is shown this once."""
    return endpoints.create(draft)


@blueprint.get("/endpoints/<uuid:endpoint_id>", permission=permissions.READ)
@blueprint.response(200, EndpointView)
def show(endpoint_id: UUID) -> EndpointView:
    """Show an endpoint."""
    return endpoints.view(endpoint_id)


@blueprint.patch("/endpoints/<uuid:endpoint_id>", permission=permissions.MANAGE, step_up=True)
@blueprint.if_match
@blueprint.arguments(EndpointPatch)
@blueprint.response(200, EndpointView)
def change(patch: EndpointPatch, endpoint_id: UUID, version: int | None) -> EndpointView:
    """Change an endpoint, disable it, or enable it again."""
    return endpoints.change(endpoint_id, patch, version=version)


@blueprint.delete("/endpoints/<uuid:endpoint_id>", permission=permissions.MANAGE)
@blueprint.if_match
@blueprint.response(204)
def delete(endpoint_id: UUID, version: int | None) -> None:
    """Delete an endpoint and what is still to be sent to it."""
    endpoints.delete(endpoint_id, version=version)


@blueprint.post("/endpoints/<uuid:endpoint_id>/secret", permission=permissions.MANAGE, step_up=True, credentials=True)
@blueprint.response(200, SecretView)
def rotate(endpoint_id: UUID) -> SecretView:
    """Give an endpoint a new secret, shown this once; the old one signs beside it for 24 hours."""
    return endpoints.rotate(endpoint_id)


@blueprint.post("/endpoints/<uuid:endpoint_id>/replay", permission=permissions.MANAGE, problems=(409,))
@blueprint.arguments(ReplayDraft)
@blueprint.response(202, ReplayView)
def replay_failed(draft: ReplayDraft, endpoint_id: UUID) -> ReplayView:
    """Send everything again that was made since an instant and has failed."""
    return log.replay_failed(endpoint_id, since=draft.since)


@blueprint.get("/endpoints/<uuid:endpoint_id>/deliveries", permission=permissions.READ)
@blueprint.listing(Deliveries.listing)
@blueprint.response(200, Page[DeliveryRow])
def search_deliveries(query: ListQuery, endpoint_id: UUID) -> Page[DeliveryRow]:
    """List the messages to an endpoint."""
    return log.rows(endpoint_id, query)


@blueprint.post("/endpoints/<uuid:endpoint_id>/deliveries", permission=permissions.MANAGE, problems=(409,))
@blueprint.response(201, DeliveryView)
def send_test(endpoint_id: UUID) -> DeliveryView:
    """Send a test."""
    return endpoints.send_test(endpoint_id)


@blueprint.get("/endpoints/<uuid:endpoint_id>/deliveries/<uuid:delivery_id>", permission=permissions.READ)
@blueprint.response(200, DeliveryView)
def show_delivery(endpoint_id: UUID, delivery_id: UUID) -> DeliveryView:
    """Show a message and the attempts to send it."""
    return log.view(endpoint_id, delivery_id)


@blueprint.post(
    "/endpoints/<uuid:endpoint_id>/deliveries/<uuid:delivery_id>/replay",
    permission=permissions.MANAGE,
    problems=(409,),
)
@blueprint.response(202, DeliveryView)
def replay(endpoint_id: UUID, delivery_id: UUID) -> DeliveryView:
    """Send a message again, under the same id."""
    return log.replay(endpoint_id, delivery_id)
