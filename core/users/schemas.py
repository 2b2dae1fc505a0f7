"""Members and teams on the wire."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from core.disclosure import visible_to
from core.fields import Instant, Language, Name, Zone
from core.http.structs import Draft, Patch, View
from core.users import permissions

State = Annotated[Literal["active", "suspended"], Meta(description="A suspended member cannot sign in.")]
Standing = Annotated[
    Literal["active", "suspended", "left"], Meta(description="Whoever has left is invited again to come back.")
]
Superior = Annotated[UUID | None, Meta(description="The user id of whom they report to.")]
RoleCodes = Annotated[list[str], Meta(max_length=20, description="Codes of roles.", examples=[["agent"]])]
TeamIds = Annotated[list[UUID], Meta(max_length=50, description="Ids of teams.", examples=[[]])]
HasFactor = Annotated[
    bool | UnsetType,
    visible_to(permissions.MANAGE),
    Meta(description="Whether they have a second factor; only for those who manage members."),
]


class MemberPatch(Patch):
    """Changes to a member's place in the agency; `roles` and `teams` replace all of them."""

    state: State | UnsetType = UNSET
    reports_to: Superior | UnsetType = UNSET
    roles: RoleCodes | UnsetType = UNSET
    teams: TeamIds | UnsetType = UNSET


class MemberRow(View):
    """A member in a list."""

    id: UUID
    email: str
    name: str
    state: Standing
    reports_to: Superior
    roles: list[str]
    version: int
    created_at: Instant
    second_factor: HasFactor = UNSET


class MemberView(View):
    """A member with roles and teams. `id` is the person's user id."""

    id: UUID
    email: str
    name: str
    language: str
    zone: str
    state: Standing
    reports_to: Superior
    roles: list[str]
    teams: list[UUID]
    version: int
    created_at: Instant
    second_factor: HasFactor = UNSET


class ProfilePatch(Patch):
    """Changes to what one is called, and how one is written to."""

    name: Name | UnsetType = UNSET
    language: Language | UnsetType = UNSET
    zone: Zone | UnsetType = UNSET


class ProfileView(View):
    """A person, whichever agencies they work for."""

    id: UUID
    email: str
    name: str
    language: str
    zone: str
    version: int


class Departure(Draft):
    """Who takes over what a leaving member owns. Several share it evenly; nobody is needed where there is nothing."""

    successors: Annotated[
        list[UUID], Meta(max_length=50, description="User ids of active members.", examples=[[]])
    ] = []


class Holding(View):
    """What a member owns of one kind."""

    kind: Annotated[str, Meta(description="As events name it.", examples=["leads.lead"])]
    on_leaving: Annotated[
        Literal["handed_over", "removed"],
        Meta(description="`handed_over` to a successor, or `removed` because it was theirs alone."),
    ]
    count: Annotated[
        int | UnsetType, Meta(description="How many; left out where the caller may not see all of that kind.")
    ] = UNSET


class HoldingsView(View):
    """Everything a member owns, kinds of which they own nothing left out."""

    items: list[Holding]


class DepartureView(View):
    """A member who leaves, and the job that hands over what they owned."""

    member: MemberView
    holdings: list[Holding]
    job_id: Annotated[UUID, Meta(description="How far it is: `GET /api/v1/jobs/mine/{job_id}`.")]


class TeamDraft(Draft):
    """A new team."""

    name: Name


class TeamPatch(Patch):
    """Changes to a team."""

    name: Name | UnsetType = UNSET


class TeamView(View):
    """A team."""

    id: UUID
    name: str
    version: int
    created_at: Instant
