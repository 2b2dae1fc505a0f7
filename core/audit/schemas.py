"""Events on the wire."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from core.fields import Instant
from core.http.structs import View


class EventView(View):
    """A fact of the log: what happened, to what, by whom, and which columns changed."""

    id: UUID
    name: str
    schema_version: int
    occurred_at: Instant
    subject: str
    subject_id: UUID
    actor_kind: str
    actor_id: UUID | None
    request_id: str | None
    payload: dict[str, Any]
    before: dict[str, Any] | None
    after: dict[str, Any] | None
