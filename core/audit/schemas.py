"""Events on the wire."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from core.fields import Instant
from core.http.structs import Draft, View

Form = Annotated[
    Literal["ndjson", "csv", "excel"],
    Meta(description="`ndjson`: one event per line; `excel`: CSV with the mark by which Excel knows UTF-8."),
]


class EventView(View):
    """A fact of the log: what happened, to what, by whom, from where, and which columns changed."""

    id: UUID
    seq: int
    name: str
    schema_version: int
    occurred_at: Instant
    subject: str
    subject_id: UUID
    actor_kind: str
    actor_id: UUID | None
    impersonator_id: Annotated[UUID | None, Meta(description="Who really acted, as `actor_id`.")]
    key_id: Annotated[UUID | None, Meta(description="The API key that was used.")]
    ip: str | None
    user_agent: str | None
    request_id: str | None
    reason: str | None
    payload: dict[str, Any]
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class ExportQuery(Draft):
    """Which part of the log, and in which form."""

    form: Form = "ndjson"
    since: Annotated[Instant, Meta(description="From this instant on.")] | UnsetType = UNSET
    until: Annotated[Instant, Meta(description="Before this instant; up to now without it.")] | UnsetType = UNSET
    name: Annotated[list[str], Meta(max_length=50, description="Names of events; all without it.")] = []
    actor_id: UUID | UnsetType = UNSET
    impersonator_id: UUID | UnsetType = UNSET
    subject: Annotated[str, Meta(max_length=100, examples=["leads.lead"])] | UnsetType = UNSET
    subject_id: UUID | UnsetType = UNSET
    ip: Annotated[str, Meta(max_length=45)] | UnsetType = UNSET
