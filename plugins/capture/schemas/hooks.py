"""Hooks on the wire: addresses that others send leads to, and how what they send is read."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from core.sdk import Draft, Instant, Name, Patch, View

from .sources import Active, BrandId, CaptureDefaults, FieldName, OwnerId, TeamId

Auth = Annotated[
    Literal["signature", "header", "basic"],
    Meta(description="Standard Webhooks signature, a secret in a header, or user `hook` with the secret as password."),
]
HeaderName = Annotated[
    str, Meta(pattern="^[A-Za-z][A-Za-z0-9-]{0,63}$", description="A header.", examples=["X-Webhook-Secret"])
]
Path = Annotated[
    str,
    Meta(
        pattern="^(/([^~/]|~[01])*)*$",
        max_length=500,
        description="Where in what is sent: a JSON Pointer (RFC 6901).",
        examples=["/data/email"],
    ),
]
Paths = Annotated[list[Path], Meta(min_length=1, max_length=10)]
Text = Annotated[str, Meta(max_length=2000)]


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a field is filled."""

    field: FieldName


class TakeValue(Rule, frozen=True, kw_only=True, tag_field="type", tag="take"):
    """With what stands there."""

    path: Path


class ConstantValue(Rule, frozen=True, kw_only=True, tag_field="type", tag="constant"):
    """Always with the same."""

    value: Text


class FirstOf(Rule, frozen=True, kw_only=True, tag_field="type", tag="first_of"):
    """With the first of these that says something."""

    paths: Paths


class JoinValues(Rule, frozen=True, kw_only=True, tag_field="type", tag="join"):
    """With all of these that say something."""

    paths: Paths
    separator: Annotated[str, Meta(max_length=20)] = " "


class MapValues(Rule, frozen=True, kw_only=True, tag_field="type", tag="map"):
    """With what a value stands for."""

    path: Path
    values: Annotated[
        dict[Annotated[str, Meta(max_length=200)], Text],
        Meta(min_length=1, max_length=200, examples=[{"Honeymoon": "fit"}]),
    ]
    otherwise: (
        Annotated[Text, Meta(description="For values that are not listed; without, they are a fault.")] | None
    ) = None


class ReadDate(Rule, frozen=True, kw_only=True, tag_field="type", tag="date"):
    """With a date that is written otherwise."""

    path: Path
    format: Annotated[
        str,
        Meta(
            pattern="^(YYYY|YY|MM|M|DD|D|HH|mm|ss|[ ./:T-])+$",
            max_length=40,
            description="Of YYYY, YY, MM, M, DD, D, HH, mm, ss.",
            examples=["DD/MM/YYYY"],
        ),
    ]


class GivenName(Rule, frozen=True, kw_only=True, tag_field="type", tag="given_name"):
    """With all but the last word of a whole name."""

    path: Path


class FamilyName(Rule, frozen=True, kw_only=True, tag_field="type", tag="family_name"):
    """With the last word of a whole name, or what stands before a comma."""

    path: Path


AnyRule = TakeValue | ConstantValue | FirstOf | JoinValues | MapValues | ReadDate | GivenName | FamilyName
Mapping = Annotated[
    list[AnyRule], Meta(min_length=1, max_length=100, description="How each field of a lead is filled.")
]


class HookDraft(Draft):
    """A new hook."""

    name: Annotated[Name, Meta(description="What you call it.", examples=["Travel fair leads"])]
    mapping: Mapping
    auth: Auth = "signature"
    header: Annotated[HeaderName, Meta(description="Of `header`: which one has the secret.")] = "X-Webhook-Secret"
    id_header: (
        Annotated[HeaderName, Meta(description="What tells repeats; without, the same body shortly after is one.")]
        | None
    ) = None
    active: Active = True
    brand_id: BrandId | None = None
    owner_id: OwnerId | None = None
    team_id: TeamId | None = None
    defaults: CaptureDefaults = CaptureDefaults(source="webhook")


class HookPatch(Patch):
    """Changes to a hook; the mapping is replaced as a whole."""

    name: Name | UnsetType = UNSET
    mapping: Mapping | UnsetType = UNSET
    auth: Auth | UnsetType = UNSET
    header: HeaderName | UnsetType = UNSET
    id_header: HeaderName | None | UnsetType = UNSET
    active: Active | UnsetType = UNSET
    brand_id: BrandId | None | UnsetType = UNSET
    owner_id: OwnerId | None | UnsetType = UNSET
    team_id: TeamId | None | UnsetType = UNSET
    defaults: CaptureDefaults | UnsetType = UNSET


class HookRow(View):
    """A hook in a list."""

    id: UUID
    name: str
    key: str
    active: bool
    auth: Auth
    brand_id: UUID | None
    failing_since: Instant | None
    version: int
    created_at: Instant
    updated_at: Instant


class HookView(View):
    """A hook: an address that others send leads to."""

    id: UUID
    name: str
    key: Annotated[str, Meta(description="Its part of the public address.")]
    active: bool
    auth: Auth
    header: str
    id_header: str | None
    mapping: list[AnyRule]
    brand_id: UUID | None
    owner_id: UUID | None
    team_id: UUID | None
    defaults: CaptureDefaults
    previous_secret_until: Instant | None
    failing_since: Instant | None
    version: int
    created_at: Instant
    updated_at: Instant


class HookCreatedView(HookView):
    """A new hook with its address and secret, which is shown this once."""

    url: str
    secret: str


class HookSecretView(View):
    """A new secret, shown this once, and until when the one before is good beside it."""

    secret: str
    previous_secret_until: Instant


class HookSecrets(Struct, frozen=True):
    """What senders prove themselves with, sealed."""

    secret: str
    previous_secret: str | None
    previous_secret_until: datetime | None


class TryDraft(Draft):
    """What a sender would send, and how to read it where not as the hook does."""

    sample: Annotated[Any, Meta(description="What would be sent, as JSON.", examples=[{"email": "ana@example.com"}])]
    mapping: Mapping | UnsetType = UNSET


class TriedFault(View):
    """Why no lead could be made."""

    pointer: str
    code: str
    message: str


class TriedMapping(View):
    """What would become of it."""

    values: Annotated[dict[str, Any], Meta(description="What each field is filled with.")]
    lead: Annotated[dict[str, Any] | None, Meta(description="The lead that would be made; null where none can be.")]
    faults: list[TriedFault]


class HookReceived(View):
    """What is answered to a sender: it is kept, whatever it says."""

    id: UUID
    state: Literal["accepted", "faulty", "spam"]
