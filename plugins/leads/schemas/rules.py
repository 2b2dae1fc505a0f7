"""Rules by which incoming leads are given out, on the wire."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from core.sdk import Draft, Instant, Language, Money, Patch, View

from .assigned import AssignedBecause, Method
from .first_response import Priority

RuleName = Annotated[str, Meta(min_length=1, max_length=100, examples=["Safaris from the web site"])]
SourceName = Annotated[
    str, Meta(pattern="^[a-z][a-z0-9_]{0,39}$", description="Where a lead came from.", examples=["web_form"])
]
Place = Annotated[str, Meta(min_length=1, max_length=100, examples=["Kenya"])]
RoleCode = Annotated[str, Meta(max_length=40, description="Code of a role.", examples=["agent"])]
Position = Annotated[int, Meta(ge=0, le=10_000, description="Rules are asked from the lowest on.", examples=[10])]
AtWork = Annotated[bool, Meta(description="Whether those outside their working hours are passed over.")]


class Conditions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a lead fulfils for a rule to hold: each of these, and of each list any; without any, every lead does."""

    sources: Annotated[list[SourceName], Meta(max_length=50)] = []
    brand_ids: Annotated[list[UUID], Meta(max_length=50)] = []
    kinds: Annotated[list[Literal["fit", "group", "corporate", "mice"]], Meta(max_length=4)] = []
    languages: Annotated[list[Language], Meta(max_length=50)] = []
    destinations: Annotated[list[Place], Meta(max_length=100)] = []
    budget_from: Money | None = None
    budget_below: Money | None = None


UserIds = Annotated[list[UUID], Meta(max_length=100, description="Candidates by name.", examples=[[]])]


class RuleDraft(Draft):
    """A new rule. Candidates are those named, or everybody of a team, of a role, or of a role in a team."""

    name: RuleName
    method: Annotated[Method | None, Meta(description="Null for a rule that only sets the priority.")] = None
    position: Position = 100
    active: bool = True
    conditions: Conditions = Conditions()
    team_id: UUID | None = None
    role: RoleCode | None = None
    user_ids: UserIds = []
    only_at_work: AtWork = False
    priority: Priority | None = None


class RulePatch(Patch):
    """Changes to a rule; lists and conditions are replaced as a whole."""

    name: RuleName | UnsetType = UNSET
    method: Method | None | UnsetType = UNSET
    position: Position | UnsetType = UNSET
    active: bool | UnsetType = UNSET
    conditions: Conditions | UnsetType = UNSET
    team_id: UUID | None | UnsetType = UNSET
    role: RoleCode | None | UnsetType = UNSET
    user_ids: UserIds | UnsetType = UNSET
    only_at_work: AtWork | UnsetType = UNSET
    priority: Priority | None | UnsetType = UNSET


class RuleView(View):
    """A rule."""

    id: UUID
    name: str
    position: int
    active: bool
    conditions: Conditions
    method: Method | None
    team_id: UUID | None
    role: str | None
    user_ids: list[UUID]
    only_at_work: bool
    priority: Priority | None
    version: int
    created_at: Instant
    updated_at: Instant


class LeadTrial(Draft):
    """A lead that might come in now."""

    source: SourceName = "manual"
    kind: Literal["fit", "group", "corporate", "mice"] = "fit"
    brand_id: UUID | None = None
    language: Language | None = None
    destinations: Annotated[list[Place], Meta(max_length=50)] = []
    budget: Money | None = None


class LeadTrialView(View):
    """Who would get it, and why; no rule holds for it where there is no reason."""

    owner_id: UUID | None
    team_id: UUID | None
    priority: Priority | None
    assigned_because: AssignedBecause | None


class SkillDraft(Draft):
    """What a member knows."""

    languages: Annotated[list[Language], Meta(max_length=30, examples=[["pt", "en"]])] = []
    destinations: Annotated[list[Place], Meta(max_length=100, examples=[["Kenya"]])] = []


class SkillView(View):
    """What a member knows."""

    id: UUID
    user_id: UUID
    user_name: str | None
    languages: list[str]
    destinations: list[str]
    version: int
    created_at: Instant
