"""Invitations on the wire."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from core.fields import Email, Instant, Language, Name, Zone
from core.http.structs import Draft, View
from core.users.schemas import RoleCodes, TeamIds

State = Annotated[
    Literal["pending", "accepted", "withdrawn", "expired"],
    Meta(description="`pending` until the person accepts it, somebody withdraws it, or a week has gone by."),
]
Account = Annotated[
    Literal["new", "existing"],
    Meta(description="`new`: choose a name and a password. `existing`: sign in, or send the account's password."),
]
Token = Annotated[str, Meta(min_length=1, max_length=200, description="What the link in the mail ends with.")]


class InvitationDraft(Draft):
    """Whom to invite, and as what; never as more than one may do oneself."""

    email: Email
    roles: RoleCodes
    teams: TeamIds = []
    language: Language | UnsetType = UNSET


class InvitationView(View):
    """An invitation."""

    id: UUID
    email: str
    language: str
    roles: list[str]
    teams: list[UUID]
    state: State
    invited_by: UUID | None
    user_id: Annotated[UUID | None, Meta(description="Who accepted it.")]
    expires_at: Instant
    version: int
    created_at: Instant


class InvitationLook(Draft):
    """The invitation a link stands for."""

    token: Token


class InvitationOffer(View):
    """What an invitation offers, to whoever has its link."""

    agency: Annotated[str, Meta(description="The agency's name.")]
    invited_by: Annotated[str | None, Meta(description="The name of whoever invites; null where they are gone.")]
    roles: Annotated[list[str], Meta(description="What the roles are called.", examples=[["Agent"]])]
    email: str
    expires_at: Instant
    account: Account


class Acceptance(Draft):
    """The link's token; a name and a password for a new account, or the password of the one there is."""

    token: Token
    password: Annotated[str, Meta(min_length=1, max_length=1024, examples=["a long and quiet passphrase"])]
    name: Name | UnsetType = UNSET
    zone: Zone | UnsetType = UNSET


class Joining(Draft):
    """The link's token, from somebody who is signed in with the invited address."""

    token: Token


class Joined(View):
    """The agency whose member one is now: sign in there, or switch to it."""

    agency: Annotated[str, Meta(description="Slug of the agency.", examples=["sunrise-travel"])]
    email: str
