"""API keys over HTTP."""

from __future__ import annotations

from uuid import UUID

from core.api_keys import permissions, reports, service
from core.api_keys.repository import ApiKeys
from core.api_keys.schemas import ApiKeyDraft, ApiKeyPatch, ApiKeyView, NewApiKey, Report, Rotation
from core.config import Settings
from core.db.query import ListQuery, Page
from core.http.blueprint import Blueprint

blueprint = Blueprint(
    "api_keys", description="Secrets that let programs act for a member, within some of their rights."
)


def _reports(settings: Settings) -> str:
    return settings.rate_limit_login


@blueprint.get("/", permission=permissions.READ)
@blueprint.listing(ApiKeys.listing)
@blueprint.response(200, Page[ApiKeyView])
def search(query: ListQuery) -> Page[ApiKeyView]:
    """List API keys, without their secrets."""
    return service.rows(query)


@blueprint.post("/", permission=permissions.MANAGE, step_up=True, credentials=True, problems=(429,))
@blueprint.arguments(ApiKeyDraft)
@blueprint.response(201, NewApiKey)
def create(draft: ApiKeyDraft) -> NewApiKey:
    """Make an API key of your own; its secret is shown in this answer and never again."""
    return service.create(draft)


@blueprint.post("/reported", public=True, limit=_reports)
@blueprint.arguments(Report)
@blueprint.response(204)
def report(body: Report) -> None:
    """Report a key you found where it does not belong. A live one is revoked; the answer is always the same."""
    reports.take(body.key)


@blueprint.get("/<uuid:key_id>", permission=permissions.READ)
@blueprint.response(200, ApiKeyView)
def show(key_id: UUID) -> ApiKeyView:
    """Show an API key, without its secret."""
    return service.view(key_id)


@blueprint.patch("/<uuid:key_id>", permission=permissions.MANAGE, step_up=True, problems=(409,))
@blueprint.if_match
@blueprint.arguments(ApiKeyPatch)
@blueprint.response(200, ApiKeyView)
def change(patch: ApiKeyPatch, key_id: UUID, version: int | None) -> ApiKeyView:
    """Change the name, scopes, networks, limit or end of an API key."""
    return service.change(key_id, patch, version=version)


@blueprint.post("/<uuid:key_id>/rotate", permission=permissions.MANAGE, step_up=True, credentials=True, problems=(409,))
@blueprint.arguments(Rotation)
@blueprint.response(200, NewApiKey)
def rotate(rotation: Rotation, key_id: UUID) -> NewApiKey:
    """Give your API key a new secret, shown once; the old one goes on opening for some hours."""
    return service.rotate(key_id, overlap_hours=rotation.overlap_hours)


@blueprint.post("/<uuid:key_id>/revoke", permission=permissions.MANAGE, step_up=True)
@blueprint.response(200, ApiKeyView)
def revoke(key_id: UUID) -> ApiKeyView:
    """Revoke an API key: within two seconds it opens nothing any more."""
    return service.revoke(key_id)
