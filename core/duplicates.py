"""What may be the same as something else: how sure that is, why, and whom to ask about what the caller may not see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from core.fields import Instant
from core.http.structs import View

LEAST = 50
"""Scores below this are not told."""
MOST = 20
"""How many are told."""


class Reason(View):
    """One thing that two have in common."""

    code: Annotated[str, Meta(description="What it is, for programs.", examples=["same_email"])]
    weight: Annotated[int, Meta(ge=0, le=100, description="How sure it makes by itself.", examples=[90])]
    detail: Annotated[str, Meta(description="What exactly, for people.")]


class Duplicate(View):
    """Something that may be the same."""

    id: UUID
    label: Annotated[str, Meta(description="A contact's name, a lead's reference.")]
    score: Annotated[int, Meta(ge=0, le=100, description="How sure it is, out of 100.")]
    reasons: list[Reason]
    owner_id: UUID | None
    owner_name: str | None
    team_id: UUID | None
    version: int
    created_at: Instant


class Elsewhere(View):
    """Something that may be the same and that the caller may not see: whom to ask."""

    owner_id: UUID | None
    owner_name: str | None
    team_id: UUID | None


class Duplicates(View):
    """What may be the same, the surest first."""

    items: list[Duplicate]
    elsewhere: Annotated[list[Elsewhere], Meta(description="Whom to ask about those you may not see.")]


def score(reasons: Iterable[Reason]) -> int:
    """How sure several reasons make together: each takes its share of the doubt that the others leave."""
    doubt = 1.0
    for each in reasons:
        doubt *= 1 - each.weight / 100
    return round(100 * (1 - doubt))


def told(found: Sequence[tuple[Duplicate, bool]]) -> Duplicates:
    """The surest, and of those that the caller may not see (False) only whose they are."""
    sure = sorted((each for each in found if each[0].score >= LEAST), key=lambda each: (-each[0].score, each[0].id))
    sure = sure[:MOST]
    hidden = [Elsewhere(each.owner_id, each.owner_name, each.team_id) for each, within in sure if not within]
    return Duplicates([each for each, within in sure if within], list({_key(each): each for each in hidden}.values()))


def _key(each: Elsewhere) -> tuple[UUID | None, UUID | None]:
    return each.owner_id, each.team_id
