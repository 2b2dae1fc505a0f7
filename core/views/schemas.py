"""Saved views on the wire."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from core.errors import Fault
from core.fields import Instant
from core.http.structs import Draft, Patch, View

Audience = Annotated[
    Literal["private", "team", "agency"],
    Meta(description="Who sees it: whoever keeps it, a team, or everybody.", examples=["private"]),
]
Title = Annotated[str, Meta(min_length=1, max_length=100, examples=["Hot leads for Kenya"])]
Question = Annotated[
    dict[str, Annotated[str, Meta(max_length=2000)]],
    Meta(
        max_length=50,
        description="Parameters of the list, as they stand in its address: filters, `q` and `sort`.",
        examples=[{"status": "new", "sort": "-created_at"}],
    ),
]
Columns = Annotated[
    list[Annotated[str, Meta(min_length=1, max_length=100)]],
    Meta(max_length=100, description="Columns to show, in their order; all where none is named.", examples=[[]]),
]


class SavedViewDraft(Draft):
    """A new view of a list."""

    entity: Annotated[str, Meta(max_length=100, description="What the list is of.", examples=["leads.lead"])]
    name: Title
    filter: Question = {}
    columns: Columns = []
    audience: Audience = "private"
    team_id: Annotated[UUID | None, Meta(description="The team it is shared with, for that audience.")] = None


class SavedViewPatch(Patch):
    """Changes to a view; filter and columns are replaced as a whole."""

    name: Title | UnsetType = UNSET
    filter: Question | UnsetType = UNSET
    columns: Columns | UnsetType = UNSET
    audience: Audience | UnsetType = UNSET
    team_id: UUID | None | UnsetType = UNSET


class SavedViewView(View):
    """A view of a list, and whether it can still be used."""

    id: UUID
    entity: str
    name: str
    filter: dict[str, str]
    columns: list[str]
    audience: Audience
    owner_id: UUID | None
    team_id: UUID | None
    pinned: bool
    """Whether the caller begins with it."""
    version: int
    created_at: Instant
    updated_at: Instant
    broken: list[Fault] = []
    """What it asks for that is gone, or that the caller may not see; empty where it can be used."""
