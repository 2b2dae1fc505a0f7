"""Why a lead went to whom it went, on the wire."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta

from core.sdk import View

Method = Annotated[
    Literal["fixed", "round_robin", "least_load", "skill"],
    Meta(
        description="The first of the named who can; in turns; who has the fewest open leads; who speaks the language"
        " and knows a destination, with the fewest open leads.",
        examples=["round_robin"],
    ),
]
PassedOver = Annotated[
    Literal[
        "not_active",
        "may_not_write",
        "absent",
        "not_at_work",
        "lacks_language",
        "lacks_destination",
        "comes_later",
        "not_their_turn",
        "more_open_leads",
    ],
    Meta(description="Why somebody did not get the lead.", examples=["absent"]),
]


class Considered(View):
    """A member who could have got a lead."""

    user_id: UUID
    passed_over: Annotated[PassedOver | None, Meta(description="Null for who got it.")]
    open_leads: Annotated[int | None, Meta(description="Where that was compared.")]


class RuleApplied(View):
    """What a rule that a lead fulfilled came to."""

    rule_id: UUID
    rule_name: str
    method: Method
    considered: Annotated[list[Considered], Meta(description="The first fifty of its candidates.")]
    candidates: int


class AssignedBecause(View):
    """Why a lead went to its owner, or to nobody."""

    owner_id: Annotated[UUID | None, Meta(description="Null where no rule had a candidate.")]
    rules: Annotated[list[RuleApplied], Meta(description="In order; the last is the one that decided.")]
