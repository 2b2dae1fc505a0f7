"""Who is of which household or company, on the wire."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta

from core.sdk import Draft, Instant, View

Role = Annotated[
    str,
    Meta(pattern="^[a-z][a-z0-9_]{0,39}$", description="What somebody is in it.", examples=["spouse"]),
]
Primary = Annotated[bool, Meta(description="Whether they are the one to talk to, and to name a booking after.")]


class GroupMemberDraft(Draft):
    """A person of a household or company."""

    contact_id: UUID
    role: Role = "member"
    primary: Primary = False


class GroupMemberView(View):
    """A person of a household or company."""

    contact_id: UUID
    name: str
    email: str | None
    phone: str | None
    role: Role
    primary: Primary
    created_at: Instant


class MembershipView(View):
    """A household or company that a person is of."""

    group_id: UUID
    kind: Literal["household", "company"]
    name: str
    role: Role
    primary: Primary
