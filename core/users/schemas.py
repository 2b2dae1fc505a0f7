"""Members and teams on the wire."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from core.fields import Email, Instant, Language, Name, Zone
from core.http.structs import Draft, Patch, View

State = Annotated[Literal["active", "suspended"], Meta(description="A suspended member cannot sign in.")]
RoleCodes = Annotated[list[str], Meta(max_length=20, description="Codes of roles.", examples=[["agent"]])]
TeamIds = Annotated[list[UUID], Meta(max_length=50, description="Ids of teams.", examples=[[]])]


class MemberDraft(Draft):
    """A new member. Somebody who already has an account elsewhere keeps their password; then leave it out."""

    email: Email
    name: Name
    roles: RoleCodes
    password: Annotated[str, Meta(max_length=1024, examples=["a long and quiet passphrase"])] | UnsetType = UNSET
    language: Language | UnsetType = UNSET
    zone: Zone | UnsetType = UNSET
    teams: TeamIds = []


class MemberPatch(Patch):
    """Changes to a member's place in the agency; `roles` and `teams` replace all of them."""

    state: State | UnsetType = UNSET
    roles: RoleCodes | UnsetType = UNSET
    teams: TeamIds | UnsetType = UNSET


class MemberRow(View):
    """A member in a list."""

    id: UUID
    email: str
    name: str
    state: str
    version: int
    created_at: Instant


class MemberView(View):
    """A member with roles and teams. `id` is the person's user id."""

    id: UUID
    email: str
    name: str
    language: str
    zone: str
    state: str
    roles: list[str]
    teams: list[UUID]
    version: int
    created_at: Instant


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
