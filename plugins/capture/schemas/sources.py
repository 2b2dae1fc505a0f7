"""What forms and hooks have in common: what is said of every lead that comes by them."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from core.sdk import Country, Currency

FieldName = Annotated[
    str,
    Meta(
        pattern="^[a-z][a-z0-9_]{0,39}(\\.[a-z][a-z0-9_]{0,39})?$",
        max_length=81,
        description="What is filled in: one of `GET /capture/fields`; own fields as `lead.<key>` and `contact.<key>`.",
        examples=["email"],
    ),
]
Color = Annotated[str, Meta(pattern="^#[0-9a-f]{6}$", description="A colour.", examples=["#0b62bb"])]
Active = Annotated[bool, Meta(description="Whether its address answers.")]
BrandId = Annotated[UUID, Meta(description="The brand that leads are of.")]
OwnerId = Annotated[UUID, Meta(description="Who gets the leads; without, the rules of assignment decide.")]
TeamId = Annotated[UUID, Meta(description="The team that gets the leads.")]
TagName = Annotated[str, Meta(pattern="^[^,]{1,40}$", description="A tag; commas separate tags.", examples=["website"])]


class CaptureDefaults(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is said of every lead that comes in, where whoever asks does not say otherwise."""

    source: Annotated[
        str, Meta(pattern="^[a-z][a-z0-9_]{0,39}$", description="Where leads came from.", examples=["web_form"])
    ] = "web_form"
    kind: Literal["fit", "group", "corporate", "mice"] = "fit"
    priority: (
        Annotated[
            Literal["urgent", "high", "normal", "low"], Meta(description="Where nothing is said, the rules decide.")
        ]
        | None
    ) = None
    tags: Annotated[list[TagName], Meta(max_length=30, examples=[["website"]])] = []
    currency: Annotated[Currency | None, Meta(description="Of budgets that name none; else the agency's.")] = None
    country: Annotated[Country | None, Meta(description="Where phone numbers without a prefix are from.")] = None


class CaptureChoice(Struct, frozen=True):
    """One of the values to choose from."""

    value: str
    title: str


class CaptureField(Struct, frozen=True):
    """A field that forms can show and hooks can fill."""

    name: str
    title: str
    kind: str
    """`text`, `long`, `email`, `phone`, `number`, `decimal`, `date`, `yes_no`, `choice`, `choices` or `words`."""
    choices: list[CaptureChoice]


class CaptureFields(Struct, frozen=True):
    """The fields there are, the agency's own last."""

    items: list[CaptureField]
