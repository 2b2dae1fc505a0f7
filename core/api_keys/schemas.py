"""API keys on the wire."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from core.actor import Scope
from core.fields import Instant, Name
from core.http.structs import Draft, Patch, View

Scopes = Annotated[
    dict[str, Scope],
    Meta(
        min_length=1,
        max_length=500,
        description="Permission to scope: `own`, `team` or `all`. What the owner may not do, the key may not either.",
        examples=[{"leads.read": "own"}],
    ),
]
Cidr = Annotated[str, Meta(max_length=49, examples=["203.0.113.0/24"])]
Networks = Annotated[
    list[Cidr], Meta(max_length=50, description="Where it may be used from, as CIDR; empty is anywhere.")
]
RateLimit = Annotated[
    str,
    Meta(pattern="^[1-9][0-9]{0,5}/(second|minute|hour|day)$", description="Its own limit.", examples=["60/minute"]),
]
ExpiresAt = Annotated[Instant, Meta(description="When it ends: at most 366 days from now; 90 days where left out.")]


class ApiKeyDraft(Draft):
    """A new API key of the caller's own."""

    name: Name
    scopes: Scopes
    networks: Networks = []
    rate_limit: RateLimit | UnsetType = UNSET
    expires_at: ExpiresAt | UnsetType = UNSET


class ApiKeyPatch(Patch):
    """Changes to an API key; `scopes` and `networks` replace all of them."""

    name: Name | UnsetType = UNSET
    scopes: Scopes | UnsetType = UNSET
    networks: Networks | UnsetType = UNSET
    rate_limit: RateLimit | None | UnsetType = UNSET
    expires_at: ExpiresAt | UnsetType = UNSET


class Rotation(Draft):
    """How long the old secret goes on opening beside the new one."""

    overlap_hours: Annotated[int, Meta(ge=0, le=168, examples=[24])] = 24


class Report(Draft):
    """An API key that was found where it does not belong."""

    key: Annotated[str, Meta(min_length=1, max_length=512)]


class ApiKeyView(View):
    """An API key, without its secret."""

    id: UUID
    prefix: Annotated[str, Meta(description="How the key begins: all that is left to recognise it by.")]
    name: str
    user_id: Annotated[UUID, Meta(description="In whose name it acts.")]
    scopes: dict[str, Scope]
    networks: list[str]
    rate_limit: str | None
    expires_at: Instant
    rotated_at: Annotated[Instant, Meta(description="When its present secret was made.")]
    last_used_at: Annotated[Instant | None, Meta(description="Shown up to a minute later.")]
    revoked_at: Instant | None
    revoked_because: Annotated[str | None, Meta(description="`revoked` by a person, or `reported` as found.")]
    version: int
    created_at: Instant


class NewApiKey(View):
    """An API key with its secret, which is shown this once."""

    id: UUID
    key: Annotated[str, Meta(description="Send it as `Authorization: Bearer`; it is kept nowhere here.")]
    api_key: ApiKeyView
    version: int
