"""Forms on the wire: as agencies set them up, and as pages draw them."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from core.sdk import Draft, Instant, Language, Name, Patch, View

from .sources import Active, BrandId, CaptureChoice, CaptureDefaults, Color, FieldName, OwnerId, TeamId

Words = Annotated[str, Meta(max_length=2000)]
Short = Annotated[str, Meta(min_length=1, max_length=200)]
WebAddress = Annotated[
    str,
    Meta(
        pattern="^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[\\x21-\\x7e]*)?$",
        max_length=500,
        description="A page of yours, https.",
        examples=["https://sunrise.example/thank-you"],
    ),
]
Origin = Annotated[
    str,
    Meta(
        pattern="^https?://[a-z0-9.-]+(:[0-9]{1,5})?$",
        max_length=300,
        description="Where a page is from: scheme, host and port, as browsers send it.",
        examples=["https://sunrise.example"],
    ),
]
Origins = Annotated[
    list[Origin],
    Meta(max_length=20, description="Whose pages may show the form; without any, all may post and none may read."),
]
Provider = Annotated[
    str,
    Meta(
        pattern="^[a-z][a-z0-9_]{0,39}$",
        description="`turnstile`, `hcaptcha`, `other` (that speaks the same protocol), or one that a plugin brings.",
        examples=["turnstile"],
    ),
]

ChannelName = Annotated[
    str, Meta(pattern="^[a-z][a-z0-9_]{0,39}$", description="How they are contacted.", examples=["email"])
]


class FormField(Struct, frozen=True, forbid_unknown_fields=True):
    """A field that a form shows."""

    name: FieldName
    label: (
        Annotated[Short, Meta(description="What people read beside it; else its title in the form's language.")] | None
    ) = None
    help: Annotated[Short, Meta(description="What people read below it.")] | None = None
    required: bool = False


class ConsentAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """A consent that a form asks for. With another text it has another version."""

    purpose: Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,39}$", description="What for.", examples=["newsletter"])]
    text: Annotated[str, Meta(min_length=1, max_length=2000, examples=["Send me your newsletter."])]
    version: Annotated[
        str,
        Meta(
            pattern="^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$",
            description="What this wording is called; another wording needs another name.",
            examples=["newsletter-2027-01"],
        ),
    ]
    channels: Annotated[
        list[ChannelName],
        Meta(min_length=1, max_length=10, description="How people may be contacted then.", examples=[["email"]]),
    ]
    required: bool = False
    double_opt_in: Annotated[bool, Meta(description="Whether it is only asked for, until they confirm it.")] = False


class FormCaptcha(Struct, frozen=True, forbid_unknown_fields=True):
    """What shows that a person sent a form."""

    provider: Provider
    site_key: Annotated[
        str, Meta(pattern="^[\\x21-\\x7e]{1,200}$", description="What its script is shown.", examples=["0x4AAAAAAAB"])
    ]
    secret: Annotated[
        str, Meta(pattern="^[\\x21-\\x7e]{1,500}$", description="Never shown again.", examples=["0x4AAAAAAAB-secret"])
    ]
    verify_url: Annotated[WebAddress, Meta(description="Of `other`: where answers are verified.")] | None = None


class FormCaptchaView(Struct, frozen=True):
    """The same without its secret."""

    provider: str
    site_key: str
    verify_url: str | None


Fields = Annotated[list[FormField], Meta(min_length=1, max_length=60, description="What is asked, in order.")]
Consents = Annotated[list[ConsentAsked], Meta(max_length=10)]
Seconds = Annotated[int, Meta(ge=0, le=60, description="Who is faster than that is no person; 0 for nobody.")]
NeedsToken = Annotated[
    bool, Meta(description="Whether a sender must bring a token of `GET .../token`; plain pages cannot.")
]


class FormDraft(Draft):
    """A new form."""

    name: Annotated[Name, Meta(description="What you call it.", examples=["Website, English"])]
    fields: Fields
    active: Active = True
    language: Language = "en"
    title: Short = "Plan your trip"
    intro: Words = ""
    button: Annotated[Short, Meta(description="Without, a word of the form's language.")] | None = None
    thanks: Words = ""
    redirect_url: WebAddress | None = None
    color: Color | None = None
    brand_id: BrandId | None = None
    owner_id: OwnerId | None = None
    team_id: TeamId | None = None
    defaults: CaptureDefaults = CaptureDefaults()
    consents: Consents = []
    origins: Origins = []
    min_seconds: Seconds = 2
    needs_token: NeedsToken = False
    captcha: FormCaptcha | None = None


class FormPatch(Patch):
    """Changes to a form; lists and objects are replaced as a whole."""

    name: Name | UnsetType = UNSET
    fields: Fields | UnsetType = UNSET
    active: Active | UnsetType = UNSET
    language: Language | UnsetType = UNSET
    title: Short | UnsetType = UNSET
    intro: Words | UnsetType = UNSET
    button: Short | None | UnsetType = UNSET
    thanks: Words | UnsetType = UNSET
    redirect_url: WebAddress | None | UnsetType = UNSET
    color: Color | None | UnsetType = UNSET
    brand_id: BrandId | None | UnsetType = UNSET
    owner_id: OwnerId | None | UnsetType = UNSET
    team_id: TeamId | None | UnsetType = UNSET
    defaults: CaptureDefaults | UnsetType = UNSET
    consents: Consents | UnsetType = UNSET
    origins: Origins | UnsetType = UNSET
    min_seconds: Seconds | UnsetType = UNSET
    needs_token: NeedsToken | UnsetType = UNSET
    captcha: FormCaptcha | None | UnsetType = UNSET


class FormRow(View):
    """A form in a list."""

    id: UUID
    name: str
    key: str
    active: bool
    language: str
    brand_id: UUID | None
    failing_since: Instant | None
    version: int
    created_at: Instant
    updated_at: Instant


class FormView(View):
    """A form."""

    id: UUID
    name: str
    key: Annotated[str, Meta(description="Its part of public addresses.")]
    active: bool
    language: str
    title: str
    intro: str
    button: str | None
    thanks: str
    redirect_url: str | None
    color: str | None
    brand_id: UUID | None
    owner_id: UUID | None
    team_id: UUID | None
    fields: list[FormField]
    defaults: CaptureDefaults
    consents: list[ConsentAsked]
    origins: list[str]
    min_seconds: int
    needs_token: bool
    captcha: FormCaptchaView | None
    failing_since: Instant | None
    version: int
    created_at: Instant
    updated_at: Instant


class FormEmbed(View):
    """How a form gets onto a page."""

    page: Annotated[str, Meta(description="The form as a page of its own.")]
    iframe: Annotated[str, Meta(description="HTML that shows that page inside another.")]
    html: Annotated[str, Meta(description="HTML of the form itself, without a script.")]


class ShownField(Struct, frozen=True):
    """A field as a page draws it."""

    name: str
    label: str
    help: str | None
    kind: str
    required: bool
    choices: list[CaptureChoice]


class ShownConsent(Struct, frozen=True):
    """A consent as a page asks for it: `consents` of what is sent has its purpose."""

    purpose: str
    text: str
    version: str
    required: bool


class ShownCaptcha(Struct, frozen=True):
    """What a page shows to tell people from programs."""

    provider: str
    site_key: str


class PublicForm(View):
    """A form as a page draws it."""

    title: str
    intro: str
    button: str
    language: str
    direction: Literal["ltr", "rtl"]
    brand: str
    color: str | None
    fields: list[ShownField]
    consents: list[ShownConsent]
    captcha: ShownCaptcha | None
    needs_token: bool
    trap: Annotated[str, Meta(description="A field that people must not see, sent empty, beside `values` or in it.")]
    schema: Annotated[dict[str, Any], Meta(description="JSON Schema (2020-12) of `values`.")]


class FormToken(View):
    """What shows when somebody began to fill in a form; good once."""

    token: str
    min_seconds: int
    expires_at: Instant


class FormPost(Draft):
    """What somebody filled in."""

    values: Annotated[
        dict[str, Any],
        Meta(max_length=100, description="By field.", examples=[{"name": "Ana Duarte", "email": "ana@example.com"}]),
    ]
    consents: Annotated[
        dict[str, bool], Meta(max_length=20, description="By purpose.", examples=[{"newsletter": True}])
    ] = {}
    consent_versions: Annotated[
        dict[str, Annotated[str, Meta(max_length=100)]],
        Meta(
            max_length=20,
            description="By purpose, the `version` that was shown: where it is another by now, that is a fault.",
            examples=[{"newsletter": "newsletter-2027-01"}],
        ),
    ] = {}
    token: Annotated[str, Meta(max_length=1000)] | None = None
    captcha: Annotated[str, Meta(max_length=8000)] | None = None
    website: Annotated[str, Meta(max_length=8000)] = ""


class FormThanks(View):
    """What is answered to whoever sent a form, the same to everybody."""

    thanks: str
    redirect_url: str | None
