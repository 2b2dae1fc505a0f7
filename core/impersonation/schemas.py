"""Impersonations on the wire."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from core.auth.schemas import AgencyRef, ImpersonationView
from core.http.structs import Draft, View

Reason = Annotated[
    str,
    Meta(
        min_length=10,
        max_length=500,
        pattern=r"\S{2}",
        description="Why; the agency's administrators read it.",
        examples=["Ticket 4711: she cannot find her lead"],
    ),
]
SupportRole = Annotated[
    Literal["manager", "agent", "accountant", "operations", "read_only"],
    Meta(description="The built-in role whose rights the support gets.", examples=["read_only"]),
]


class ImpersonationDraft(Draft):
    """Whom to act as, and why."""

    user_id: UUID
    reason: Reason


class SupportDraft(Draft):
    """Which agency to enter, why, and as whom: a member by `user_id`, or support with the rights of a `role`."""

    either: ClassVar[tuple[str, str]] = ("role", "user_id")
    agency: Annotated[str, Meta(description="Slug of the agency.", examples=["sunrise-travel"])]
    reason: Reason
    user_id: UUID | UnsetType = UNSET
    role: SupportRole | UnsetType = UNSET


class ImpersonationTokens(View):
    """An access token to act as somebody else with. Nothing renews it."""

    access_token: str
    token_type: str
    expires_in: Annotated[int, Meta(description="Seconds until it ends.", examples=[1800])]
    agency: AgencyRef
    impersonation: ImpersonationView
