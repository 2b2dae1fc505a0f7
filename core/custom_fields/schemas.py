"""An agency's own fields on the wire."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType, field

from core.fields import Instant, Name
from core.http.structs import Draft, Patch, View

MAX_FIELDS = 50
"""Fields one kind of thing can have, archived ones aside."""
MAX_DECIMALS = 6
LONGEST_TEXT = 2_000

Kind = Annotated[
    Literal["text", "number", "date", "boolean", "choice", "choices"],
    Meta(description="What it holds; `choices` holds several of them.", examples=["text"]),
]
SeenBy = Annotated[
    Literal["everybody", "restricted"],
    Meta(description="`restricted` is for who may see restricted fields; for all others it is not there."),
]
EntityName = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$",
        max_length=80,
        description="What has the field: `leads.lead`.",
        examples=["leads.lead"],
    ),
]
Key = Annotated[
    str,
    Meta(pattern="^[a-z][a-z0-9_]{0,39}$", description="Its name for programs; it stays.", examples=["loyalty_tier"]),
]
ChoiceCode = Annotated[
    str,
    Meta(pattern="^[a-z0-9][a-z0-9_-]{0,39}$", description="What is stored; it stays.", examples=["gold"]),
]
Help = Annotated[str, Meta(max_length=500, description="What to fill in, for people.", examples=["As on the card."])]
Decimals = Annotated[int, Meta(ge=0, le=MAX_DECIMALS, description="Digits after the point of a number.", examples=[2])]
MaxLength = Annotated[int, Meta(ge=1, le=LONGEST_TEXT, description="Most characters of a text.", examples=[200])]
Required = Annotated[bool, Meta(description="Whether new things need a value; those there are stay as they are.")]
Personal = Annotated[
    bool, Meta(description="Whether it says something about a person, and goes when they are to be erased.")
]

Value = str | bool | list[str]
"""A value on the wire: text, number and date as text, yes or no, or codes of choices."""
CustomValues = Annotated[
    dict[str, Value],
    Meta(
        description=(
            "The agency's own fields by key, described at `/api/v1/custom-fields/schema`. Numbers are text, as money"
            " is; a field without a value is absent."
        ),
        examples=[{}],
    ),
]
"""The field of a View: `custom_fields: CustomValues`."""
CustomChanges = Annotated[
    dict[str, Value | None],
    Meta(
        max_length=MAX_FIELDS,
        description=(
            "Values of the agency's own fields by key, numbers as text; null takes one away, others stay as they are."
        ),
        examples=[{}],
    ),
]
"""The field of a Draft or Patch: `custom_fields: CustomChanges | UnsetType = UNSET`."""


class CustomChoice(Struct, frozen=True, forbid_unknown_fields=True):
    """One of the values to choose from. Its label may change; whoever has it keeps it by its code."""

    code: ChoiceCode
    label: Name
    retired: Annotated[bool, Meta(description="Whether nobody can choose it any more.")] = False


Choices = Annotated[list[CustomChoice], Meta(max_length=200, description="What there is to choose from, in order.")]
Default = Annotated[Value | None, Meta(description="What new things get where nothing is said.", examples=[None])]


class CustomFieldDraft(Draft):
    """A new field of the agency's own."""

    entity: EntityName
    key: Key
    label: Name
    kind: Kind
    description: Help | None = None
    decimals: Decimals = 0
    max_length: MaxLength = 200
    required: Required = False
    choices: Choices = []
    default: Default = None
    seen_by: SeenBy = "everybody"
    personal: Personal = True


class CustomFieldPatch(Patch):
    """Changes to a field. `kind` and `decimals` stay once there are values; `choices` are replaced as a whole."""

    label: Name | UnsetType = UNSET
    kind: Kind | UnsetType = UNSET
    description: Help | None | UnsetType = UNSET
    decimals: Decimals | UnsetType = UNSET
    max_length: MaxLength | UnsetType = UNSET
    required: Required | UnsetType = UNSET
    choices: Choices | UnsetType = UNSET
    default: Default | UnsetType = UNSET
    seen_by: SeenBy | UnsetType = UNSET
    personal: Personal | UnsetType = UNSET


class CustomFieldView(View):
    """A field of the agency's own."""

    id: UUID
    entity: EntityName
    key: Key
    label: str
    kind: Kind
    description: str | None
    decimals: Decimals
    max_length: MaxLength
    required: Required
    choices: list[CustomChoice]
    default: Default
    seen_by: SeenBy
    personal: Personal
    position: Annotated[int, Meta(description="Where it stands among the others, from 0.")]
    archived: Annotated[bool, Meta(description="Whether it is out of use; its values are kept.")]
    version: int
    created_at: Instant
    updated_at: Instant


class CustomFieldOrder(Draft):
    """The fields of one kind of thing in their new order."""

    entity: EntityName
    keys: Annotated[list[Key], Meta(max_length=MAX_FIELDS, description="Every field in use, each once.")]


class CustomFieldList(View):
    """The fields of one kind of thing that are in use, in their order."""

    items: list[CustomFieldView]


class SchemaOf(Struct, frozen=True, kw_only=True):
    """Whose schema is asked for; without, those of everything that can have fields, by name."""

    entity: Annotated[EntityName | UnsetType, Meta(description="What has the fields: `leads.lead`.")] = UNSET


class CustomFieldSchema(View, kw_only=True):
    """A JSON Schema (2020-12) of the object `custom_fields` as this agency's fields make it.

    Of everything that can have such an object, where nothing is named: then each is a property, as `leads.lead`.
    """

    schema: str = field(name="$schema", default="https://json-schema.org/draft/2020-12/schema")
    title: str
    type: Literal["object"] = "object"
    properties: dict[str, dict[str, Any]]
    required: list[str]
    additional: bool = field(name="additionalProperties", default=False)
