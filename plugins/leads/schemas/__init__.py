"""Leads on the wire."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from core.sdk import (
    Country,
    CustomChanges,
    CustomValues,
    Draft,
    Instant,
    Language,
    Money,
    Patch,
    Text,
    View,
    Zone,
    visible_to,
)
from plugins.contacts.api import ContactDraft

from .. import permissions
from .assigned import AssignedBecause
from .calls import WhatToDo
from .first_response import FirstResponse, Priority, ResponseState
from .scored import Band

Status = Literal["new", "contacted", "qualified", "proposal_sent", "negotiation", "on_hold", "won", "lost"]
Kind = Annotated[
    Literal["fit", "group", "corporate", "mice"],
    Meta(description="FIT (individual, tailor-made), group, corporate travel, or MICE.", examples=["fit"]),
]
DateMode = Annotated[
    Literal["fixed", "window", "month", "undecided"],
    Meta(description="How far the travel dates are settled.", examples=["fixed"]),
]
BudgetPer = Annotated[
    Literal["trip", "person", "night"], Meta(description="What the budget is for.", examples=["trip"])
]
Board = Annotated[
    Literal["RO", "BB", "HB", "FB", "AI"],
    Meta(description="Room only, bed and breakfast, half board, full board, all inclusive.", examples=["HB"]),
]
Pace = Annotated[Literal["relaxed", "moderate", "intense"], Meta(examples=["relaxed"])]
Word = Annotated[str, Meta(min_length=1, max_length=100, examples=["Kenya"])]
Words = Annotated[list[Word], Meta(max_length=50, examples=[["Kenya", "Zanzibar"]])]
Tag = Annotated[
    str,
    Meta(pattern="^[^,]+$", max_length=40, description="A tag; commas separate tags.", examples=["honeymoon"]),
]
Tags = Annotated[list[Tag], Meta(max_length=30, examples=[["honeymoon"]])]
Source = Annotated[
    str, Meta(pattern="^[a-z][a-z0-9_]{0,39}$", description="Where the lead came from.", examples=["web_form"])
]
Count = Annotated[int, Meta(ge=0, le=10_000, examples=[2])]
Age = Annotated[int, Meta(ge=0, le=17, examples=[7])]
Ages = Annotated[list[Age], Meta(max_length=100, description="Age of each child.", examples=[[7, 11]])]
Percent = Annotated[int, Meta(ge=0, le=100, description="Percent.", examples=[60])]
Stars = Annotated[int, Meta(ge=1, le=5, description="Hotel category in stars.", examples=[4])]
Utm = Annotated[
    dict[str, Annotated[str, Meta(max_length=200)]],
    Meta(max_length=10, description="Campaign tags.", examples=[{"utm_source": "newsletter"}]),
]


class LeadDraft(Draft):
    """A new lead: a known contact by `contact_id`, or a new one in `contact`; and what they wish for."""

    either: ClassVar[tuple[str, str]] = ("contact", "contact_id")
    contact_id: UUID | UnsetType = UNSET
    contact: ContactDraft | UnsetType = UNSET
    kind: Kind = "fit"
    source: Source = "manual"
    priority: Priority | UnsetType = UNSET
    utm: Utm | None = None
    owner_id: UUID | None | UnsetType = UNSET
    team_id: UUID | None | UnsetType = UNSET
    brand_id: UUID | None = None
    language: Language | None = None
    zone: Zone | None = None
    nationality: Country | None = None
    residency: Country | None = None
    destinations: Words = []
    departure_city: Word | None = None
    date_mode: DateMode | None = None
    start_date: date | None = None
    end_date: date | None = None
    flex_days: Count | None = None
    nights: Count | None = None
    adults: Count | None = None
    children_ages: Ages = []
    infants: Count = 0
    rooms: Count | None = None
    budget: Money | None = None
    budget_per: BudgetPer | None = None
    hotel_category: Stars | None = None
    board: Board | None = None
    pace: Pace | None = None
    interests: Words = []
    occasion: Word | None = None
    restrictions: Text | None = None
    value: Money | None = None
    probability: Percent | None = None
    expected_close: date | None = None
    next_action_at: Instant | None = None
    next_action: WhatToDo | None = None
    tags: Tags = []
    custom_fields: CustomChanges | UnsetType = UNSET
    note: Annotated[Text, Meta(description="The enquiry in the client's words; becomes the first note.")] | None = None


class LeadPatch(Patch):
    """Changes to a lead; lists are replaced as a whole. Status and owner change by routes of their own."""

    contact_id: UUID | UnsetType = UNSET
    kind: Kind | UnsetType = UNSET
    source: Source | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    utm: Utm | None | UnsetType = UNSET
    brand_id: UUID | None | UnsetType = UNSET
    language: Language | None | UnsetType = UNSET
    zone: Zone | None | UnsetType = UNSET
    nationality: Country | None | UnsetType = UNSET
    residency: Country | None | UnsetType = UNSET
    destinations: Words | UnsetType = UNSET
    departure_city: Word | None | UnsetType = UNSET
    date_mode: DateMode | None | UnsetType = UNSET
    start_date: date | None | UnsetType = UNSET
    end_date: date | None | UnsetType = UNSET
    flex_days: Count | None | UnsetType = UNSET
    nights: Count | None | UnsetType = UNSET
    adults: Count | None | UnsetType = UNSET
    children_ages: Ages | UnsetType = UNSET
    infants: Count | UnsetType = UNSET
    rooms: Count | None | UnsetType = UNSET
    budget: Money | None | UnsetType = UNSET
    budget_per: BudgetPer | None | UnsetType = UNSET
    hotel_category: Stars | None | UnsetType = UNSET
    board: Board | None | UnsetType = UNSET
    pace: Pace | None | UnsetType = UNSET
    interests: Words | UnsetType = UNSET
    occasion: Word | None | UnsetType = UNSET
    restrictions: Text | None | UnsetType = UNSET
    value: Money | None | UnsetType = UNSET
    probability: Percent | None | UnsetType = UNSET
    expected_close: date | None | UnsetType = UNSET
    next_action_at: Instant | None | UnsetType = UNSET
    next_action: WhatToDo | None | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    custom_fields: CustomChanges | UnsetType = UNSET


class LeadRow(View):
    """A lead in a list."""

    id: UUID
    reference: str
    status: Status
    status_since: Instant
    kind: Kind
    source: str
    priority: Priority
    contact_id: UUID
    contact_name: str | None
    owner_id: UUID | None
    owner_name: str | None
    team_id: UUID | None
    destinations: list[str]
    date_mode: DateMode | None
    start_date: date | None
    end_date: date | None
    adults: int | None
    budget: Money | None
    value: Money | None
    tags: list[str]
    custom_fields: CustomValues
    next_action_at: Instant | None
    response_due_at: Instant | None
    response_state: ResponseState | None
    score: int | None
    score_band: Band | None
    version: int
    created_at: Instant
    updated_at: Instant


class LeadView(View):
    """A lead."""

    id: UUID
    reference: str
    status: Status
    status_since: Instant
    kind: Kind
    source: str
    priority: Priority
    utm: dict[str, Any] | None
    contact_id: UUID
    contact_name: str | None
    contact_email: str | None
    contact_phone: str | None
    repeat_client: Annotated[bool, Meta(description="Whether they have bought before: another lead of theirs was won.")]
    owner_id: UUID | None
    owner_name: str | None
    team_id: UUID | None
    assigned_because: AssignedBecause | None
    brand_id: UUID | None
    language: str | None
    zone: str | None
    nationality: str | None
    residency: str | None
    destinations: list[str]
    departure_city: str | None
    date_mode: DateMode | None
    start_date: date | None
    end_date: date | None
    flex_days: int | None
    nights: int | None
    adults: int | None
    children_ages: list[int]
    infants: int
    rooms: int | None
    budget: Money | None
    budget_per: BudgetPer | None
    hotel_category: int | None
    board: Board | None
    pace: Pace | None
    interests: list[str]
    occasion: str | None
    value: Money | None
    probability: int | None
    expected_close: date | None
    next_action_at: Instant | None
    next_action: str | None
    first_response: FirstResponse | None
    score: Annotated[int | None, Meta(description="From 0 to 100; null until it is reckoned.")]
    score_band: Band | None
    hold_until: date | None
    lost_reason: str | None
    recycle_on: date | None
    tags: list[str]
    custom_fields: CustomValues
    version: int
    created_at: Instant
    updated_at: Instant
    restrictions: Annotated[str | None | UnsetType, visible_to(permissions.SEE_RESTRICTIONS)] = UNSET
    unreadable: Annotated[
        list[str] | UnsetType,
        Meta(description="Fields that are absent because the key they were sealed with is lost.", examples=[[]]),
        visible_to(permissions.SEE_RESTRICTIONS),
    ] = UNSET


class Move(Draft):
    """A step through the pipeline, with what its guard asks for."""

    to: Annotated[Status, Meta(description="The status to go to.", examples=["qualified"])]
    note: Annotated[Text, Meta(description="Required for lost, and where an agent's word replaces a check.")] | None = (
        None
    )
    reason: Annotated[str, Meta(max_length=40, description="Why it was lost.", examples=["price"])] | None = None
    hold_until: Annotated[date, Meta(description="Until when a lead is on hold.")] | None = None
    recycle_on: Annotated[date, Meta(description="When to ask a lost client again.")] | None = None


class TypingAt(Draft):
    """The caller is typing about a lead."""

    lead_id: UUID


class Typing(View):
    """Somebody is typing about a lead; show it for a few seconds."""

    lead_id: UUID
    user_id: UUID


class StatusChangeView(View):
    """One step a lead took through the pipeline."""

    id: UUID
    lead_id: Annotated[UUID, Meta(description="The lead itself, or one that went into it.")]
    from_status: Status | None
    to_status: Status
    seconds_in_status: int | None
    author_id: UUID | None
    author_name: str | None
    note: str | None
    reason: str | None
    manual: bool
    created_at: Instant
