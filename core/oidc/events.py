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


class DomainAdded(Event):
    """The agency says that a domain of e-mail addresses is its own."""

    subject: ClassVar[str] = "domain_id"
    permission: ClassVar[str | None] = "oidc.manage"
    domain_id: UUID
    domain: Code


class DomainProven(Event):
    """A domain is known to be the agency's: its providers speak for the people in it."""

    subject: ClassVar[str] = "domain_id"
    permission: ClassVar[str | None] = "oidc.manage"
    domain_id: UUID
    domain: Code
    by: Code
    """`dns`, or `operator`."""


class DomainLost(Event):
    """The record that proved a domain is gone: nobody is met by an address in it any more."""

    subject: ClassVar[str] = "domain_id"
    permission: ClassVar[str | None] = "oidc.manage"
    domain_id: UUID
    domain: Code


class DomainRemoved(Event):
    """The agency no longer says that a domain is its own."""

    subject: ClassVar[str] = "domain_id"
    permission: ClassVar[str | None] = "oidc.manage"
    domain_id: UUID
    domain: Code


class IdentityLinked(Event):
    """A provider knows a member from now on: by their address, at the first sign-in, or by their own word."""

    subject: ClassVar[str] = "link_id"
    permission: ClassVar[str | None] = "oidc.manage"
    link_id: UUID
    provider_id: UUID
    user_id: UUID
    by_themselves: bool = False
    """They were signed in here, and signed in there."""


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
