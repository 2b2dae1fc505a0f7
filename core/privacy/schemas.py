"""What privacy takes and answers."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from core.db.personal import Category
from core.fields import Instant, Text
from core.http.structs import Draft, Patch, View
from core.privacy.subjects import Outcome

Kind = Annotated[
    str,
    Meta(
        pattern="^[a-z][a-z0-9_]*\\.[a-z][a-z0-9_]*$",
        max_length=80,
        description="What kind of person: `contacts.contact`, `users.user`.",
        examples=["contacts.contact"],
    ),
]
Why = Literal["asked_for", "consent_withdrawn", "no_longer_needed", "unlawful", "mistake"]
State = Literal["queued", "done", "refused", "failed"]
Days = Annotated[int, Meta(ge=1, le=36_500, description="Days.", examples=[365])]


class PersonRef(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom it is about."""

    kind: Kind
    id: UUID


class ColumnView(View):
    """A column that holds something about people."""

    column: str
    category: Category
    encrypted: bool
    """Whether it is sealed with the person's own key."""


class TableView(View):
    """A table with such columns."""

    table: str
    owner: str
    """`core`, or the plugin."""
    columns: list[ColumnView]


class CatalogueView(View):
    """Where personal data is kept."""

    items: list[TableView]


class ExportDraft(Draft):
    """A request for everything about a person."""

    subject: PersonRef


class ErasureDraft(Draft):
    """A request to keep nothing about a person."""

    subject: PersonRef
    reason: Why


class PreviewDraft(Draft):
    """A question what an erasure would do."""

    subject: PersonRef


class HeldBack(View):
    """A hold that keeps everything about a person."""

    id: UUID
    reason: str
    until: date | None


class PreviewView(View):
    """What an erasure would do now."""

    outcomes: list[Outcome]
    holds: list[HeldBack]
    """While there are any, nothing is erased."""
    not_asked: list[str]
    """Plugins that are not loaded: what they hold would stay."""


class RequestView(View):
    """An export or an erasure."""

    id: UUID
    kind: Literal["export", "erasure"]
    subject: str
    subject_id: UUID
    reason: str | None
    state: State
    requested_by: UUID | None
    manifest: dict[str, Any] | None
    """Tables, numbers of rows, and why what stays does; where it failed, why and what was left."""
    expires_at: Instant | None
    """Until when an export can be had."""
    created_at: Instant
    finished_at: Instant | None
    version: int


class HoldingView(View):
    """One row about the person."""

    table: str
    row_id: UUID
    values: dict[str, Any]


class BundleView(View):
    """Everything that is known about a person."""

    subject: str
    subject_id: UUID
    made_at: Instant
    holdings: list[HoldingView]
    not_asked: list[str]
    """Plugins that are not loaded: what they hold is missing here."""


class HoldDraft(Draft):
    """A reason to keep everything about a person."""

    subject: PersonRef
    reason: Annotated[Text, Meta(min_length=1)]
    until: date | None = None
    """The last day; leave it out where nobody knows."""


class HoldView(View):
    """A legal hold."""

    id: UUID
    subject: str
    subject_id: UUID
    reason: str
    until: date | None
    placed_by: UUID | None
    released_at: Instant | None
    created_at: Instant
    version: int


class RetentionView(View):
    """How long something is kept."""

    name: str
    summary: str
    days: int | None
    """After which it goes; null keeps it for ever."""
    default_days: int | None
    least_days: int
    most_days: int
    coming_days: int | None
    """What was chosen and is not in effect yet, because it is less; null where nothing is to come."""
    coming_at: Instant | None
    """From when on that is in effect."""


class RetentionList(View):
    """Everything that has an end."""

    items: list[RetentionView]


class RetentionPatch(Patch):
    """How long the agency wants to keep something."""

    days: Days | None | UnsetType = UNSET
    """Null keeps it for ever."""


class RetentionForecast(View):
    """What a rule would remove as it is chosen."""

    name: str
    before: Instant | None
    """What is older goes; null where the rule is off."""
    rows: int


class ForecastList(View):
    """What every rule would remove as it is chosen."""

    items: list[RetentionForecast]
