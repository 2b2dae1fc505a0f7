"""What happened to identity providers and sign-ins through them."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from core.db.personal import Code
from core.events.event import Event


class ProviderAdded(Event):
    """The agency trusts an identity provider from now on."""

    subject: ClassVar[str] = "provider_id"
    permission: ClassVar[str | None] = "oidc.manage"
    provider_id: UUID
    issuer: Code


class ProviderChanged(Event):
    """An identity provider was changed, switched on or off."""

    subject: ClassVar[str] = "provider_id"
    permission: ClassVar[str | None] = "oidc.manage"
    provider_id: UUID
    fields: list[Code]


class ProviderRemoved(Event):
    """The agency no longer trusts an identity provider; sessions opened through it ended."""

    subject: ClassVar[str] = "provider_id"
    permission: ClassVar[str | None] = "oidc.manage"
    provider_id: UUID
    issuer: Code


class IdentityLinked(Event):
    """A member signed in through a provider for the first time."""

    subject: ClassVar[str] = "link_id"
    permission: ClassVar[str | None] = "oidc.manage"
    link_id: UUID
    provider_id: UUID
    user_id: UUID


class IdentityUnlinked(Event):
    """A member's identity with a provider was forgotten."""

    subject: ClassVar[str] = "link_id"
    permission: ClassVar[str | None] = "oidc.manage"
    link_id: UUID
    provider_id: UUID
    user_id: UUID


class SignInFailed(Event):
    """Somebody came back from a provider and was not let in."""

    subject: ClassVar[str] = "provider_id"
    permission: ClassVar[str | None] = "audit.read"
    provider_id: UUID
    because: Code
