"""Events on the wire."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta

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
    since: Annotated[Instant | None, Meta(description="From this instant on.")] = None
    until: Annotated[Instant | None, Meta(description="Before this instant; up to now without it.")] = None
    name: Annotated[
        list[Annotated[str, Meta(max_length=100)]],
        Meta(max_length=50, description="Names of events; all without it."),
    ] = []
    actor_id: Annotated[UUID | None, Meta(description="Id of the user who did it.")] = None
    impersonator_id: Annotated[UUID | None, Meta(description="Id of whoever really acted.")] = None
    subject: Annotated[str | None, Meta(description="What it happened to, e.g. `leads.lead`.")] = None
    subject_id: Annotated[UUID | None, Meta(description="Id of what it happened to.")] = None
    ip: Annotated[str | None, Meta(description="Address it came from.")] = None
