"""Identity providers on the wire."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from core.fields import Instant, Name
from core.http.structs import Draft, Patch, View

Issuer = Annotated[
    str,
    Meta(
        pattern="^https?://[\\x21\\x22\\x24-\\x3e\\x40-\\x7e]+$",
        max_length=500,
        description="Its issuer, exactly as its discovery document spells it; https, no query.",
        examples=["https://login.example.com"],
    ),
]
ClientId = Annotated[
    str, Meta(pattern="^[\\x21-\\x7e]+$", max_length=255, description="What it knows us as.", examples=["tripfile"])
]
ClientSecret = Annotated[
    str,
    Meta(
        pattern="^[\\x21-\\x7e]+$",
        max_length=1024,
        description="Kept sealed and never shown; null for a client without one.",
        examples=["what-the-provider-gave-you"],
    ),
]
Domain = Annotated[
    str,
    Meta(
        pattern="^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$",
        max_length=240,
        description="A domain of e-mail addresses, in lower case.",
        examples=["sunrise.example"],
    ),
]
Domains = Annotated[
    list[Domain],
    Meta(
        min_length=1,
        max_length=50,
        description="Domains of the e-mail addresses it may vouch for, in lower case; only while they are proven.",
        examples=[["sunrise.example"]],
    ),
]
RedirectUri = Annotated[
    str,
    Meta(
        pattern="^https?://[\\x21\\x22\\x24-\\x7e]+$",
        max_length=500,
        description="Where it sends people back: a page of yours, registered with it. At BASE_URL or a CORS_ORIGIN.",
        examples=["http://localhost:3000/sign-in/oidc"],
    ),
]
NewMemberRole = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=40,
        description="Code of the role of people nobody added before; null where only members may sign in.",
        examples=["agent"],
    ),
]
TrustsFactor = Annotated[bool, Meta(description="Whether its own second factor (`amr`) counts here.", examples=[False])]
VouchesForOwners = Annotated[
    bool,
    Meta(description="Whether owners may sign in through it. Only an owner may say so.", examples=[False]),
]


class ProviderDraft(Draft):
    """An identity provider to trust."""

    name: Name
    issuer: Issuer
    client_id: ClientId
    email_domains: Domains
    client_secret: ClientSecret | None = None
    redirect_uri: RedirectUri | UnsetType = UNSET
    new_member_role: NewMemberRole | None = None
    trusts_second_factor: TrustsFactor = False
    vouches_for_owners: VouchesForOwners = False
    enabled: bool = True


class ProviderPatch(Patch):
    """Changes to a provider.

    With another issuer or client id the secret must be sent again, and who is who with it is forgotten. Whoever is no
    owner and changes whom it may speak for ends that owners sign in through it.
    """

    name: Name | UnsetType = UNSET
    issuer: Issuer | UnsetType = UNSET
    client_id: ClientId | UnsetType = UNSET
    client_secret: ClientSecret | None | UnsetType = UNSET
    email_domains: Domains | UnsetType = UNSET
    redirect_uri: RedirectUri | UnsetType = UNSET
    new_member_role: NewMemberRole | None | UnsetType = UNSET
    trusts_second_factor: TrustsFactor | UnsetType = UNSET
    vouches_for_owners: VouchesForOwners | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class ProviderView(View):
    """An identity provider. Its secret is never shown."""

    id: UUID
    name: str
    issuer: str
    client_id: str
    has_secret: bool
    email_domains: list[str]
    redirect_uri: str
    new_member_role: str | None
    trusts_second_factor: bool
    vouches_for_owners: bool
    enabled: bool
    version: int
    created_at: Instant
    updated_at: Instant


Finding = Literal["found", "missing", "no_answer"]


class DomainDraft(Draft):
    """A domain that is the agency's own."""

    domain: Domain


class DomainView(View):
    """A domain of e-mail addresses, and the TXT record that proves it to be the agency's own."""

    id: UUID
    domain: str
    record_name: Annotated[
        str, Meta(description="Where the TXT record stands.", examples=["_tripfile.sunrise.example"])
    ]
    record_value: Annotated[str, Meta(description="What it holds; other records may stand beside it.")]
    proven_by: Annotated[
        Literal["dns", "operator"] | None,
        Meta(description="The record, or the word of whoever runs the installation; null while it is not proven."),
    ]
    proven_at: Instant | None
    last_check: Annotated[
        Finding | None, Meta(description="What the last look brought; `no_answer` where no resolver could tell.")
    ]
    checked_at: Instant | None
    version: int
    created_at: Instant


class CheckView(View):
    """What a provider says of itself, or why nobody can sign in through it now."""

    works: Annotated[bool, Meta(description="It can be reached and speaks OpenID Connect.")]
    issuer: str
    authorization_endpoint: str | None
    token_endpoint: str | None
    keys: Annotated[int, Meta(description="How many of its keys can verify what it signs.")]
    code: Annotated[str | None, Meta(description="The kind of problem, where it does not work.")] = None
    detail: Annotated[str | None, Meta(description="What is wrong.")] = None


class LinkView(View):
    """Which member somebody is whom a provider knows."""

    id: UUID
    provider_id: UUID
    subject: str
    user_id: UUID
    version: int
    created_at: Instant


class Choice(View):
    """A provider one can sign in through."""

    id: UUID
    name: str


class Choices(View):
    """The providers one can sign in through."""

    items: list[Choice]


class Start(Draft):
    """How to begin."""

    fresh: Annotated[
        bool, Meta(description="Have the provider ask who it is, even if it knows: for step-up.", examples=[False])
    ] = False


class LinkStart(Draft):
    """With which provider somebody wants to be known."""

    provider_id: UUID


class Started(View):
    """Where to send the person, and what to keep until they come back."""

    authorization_url: str
    state: Annotated[str, Meta(description="Comes back with the person.")]
    binding: Annotated[
        str, Meta(description="Keep it in the browser that began, in no address; send it with what comes back.")
    ]
    expires_in: Annotated[int, Meta(description="Seconds in which the person must be back.", examples=[600])]


Opaque = Annotated[str, Meta(min_length=1, max_length=4096)]


class Callback(Draft):
    """What the provider sent the person back with, and what was kept."""

    state: Opaque
    code: Opaque
    binding: Opaque
    iss: Annotated[str, Meta(max_length=500, description="If it came along (RFC 9207).")] | UnsetType = UNSET


class Trust(msgspec.Struct, frozen=True):
    """A provider as a sign-in needs it."""

    id: UUID
    agency_id: UUID
    agency: str
    issuer: str
    client_id: str
    client_secret: str | None
    email_domains: list[str]
    redirect_uri: str
    new_member_role: str | None
    trusts_second_factor: bool
    vouches_for_owners: bool
