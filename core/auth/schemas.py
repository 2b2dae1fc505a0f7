"""Sign-in on the wire."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from core.actor import Scope
from core.fields import Email, Instant
from core.http.structs import Draft, View


class Login(Draft):
    """E-mail address and password, and the agency for people who belong to several."""

    email: Email
    password: Annotated[str, Meta(min_length=1, max_length=1024, examples=["a long and quiet passphrase"])]
    agency: Annotated[str, Meta(description="Slug of the agency.", examples=["sunrise-travel"])] | UnsetType = UNSET
    cookies: Annotated[bool, Meta(description="Keep the tokens in cookies no script can read.", examples=[False])] = (
        False
    )


class Refresh(Draft):
    """The refresh token of the last answer; left out where it is in a cookie."""

    refresh_token: Annotated[str, Meta(max_length=4096)] | UnsetType = UNSET


class Switch(Draft):
    """The agency to act in from now on."""

    agency: Annotated[str, Meta(description="Slug of the agency.", examples=["sunrise-travel"])]


class AgencyRef(View):
    """An agency the person belongs to."""

    id: UUID
    slug: str
    name: str


class Tokens(View):
    """A pair of tokens: the access token goes into `Authorization: Bearer`, the refresh token buys the next pair."""

    access_token: Annotated[str, Meta(description="Empty where it is in a cookie.")]
    refresh_token: Annotated[
        str, Meta(description="Empty where it is in a cookie, and while acting as another person.")
    ]
    token_type: str
    expires_in: Annotated[int, Meta(description="Seconds until the access token expires.", examples=[600])]
    agency: AgencyRef
    agencies: list[AgencyRef]
    csrf_token: (
        Annotated[str, Meta(description="With cookies: send it as X-CSRF-Token with whatever changes something.")]
        | UnsetType
    ) = UNSET


class AgencySignOut(Draft):
    """Whom to sign out: everybody of the agency one acts in."""

    agency: Annotated[
        str, Meta(description="Its slug once more, so that nobody does it by mistake.", examples=["sunrise-travel"])
    ]


class SocketTicket(View):
    """Opens one socket connection: `ticket` in the `auth` payload of the handshake."""

    ticket: str
    expires_in: Annotated[int, Meta(description="Seconds until the ticket expires.", examples=[60])]


class SessionView(View):
    """A place where somebody is signed in."""

    id: UUID
    current: Annotated[bool, Meta(description="Whether it is the one this request came with.")]
    agency: AgencyRef
    created_at: Instant
    last_seen_at: Annotated[Instant, Meta(description="When it last got new tokens.")]
    expires_at: Annotated[Instant, Meta(description="When it ends however much it is used.")]
    ip: Annotated[str | None, Meta(description="Where it was last seen.")]
    user_agent: str | None
    methods: Annotated[list[str], Meta(description="How the person proved who they are, as in `amr` (RFC 8176).")]
    impersonated: Annotated[bool, Meta(description="Whether somebody else acts in it, to help.")]


class SessionList(View):
    """Where somebody is signed in, the last seen first; the two hundred latest at most."""

    items: list[SessionView]


class Challenge(View):
    """The first proof was right; a second one opens the session."""

    challenge: Annotated[str, Meta(description="Send it with the second proof; good once and for a few minutes.")]
    methods: Annotated[list[str], Meta(description="What counts: `totp`, `recovery_code`, `passkey`.")]
    enrol: Annotated[bool, Meta(description="A role asks for a second factor and there is none yet: set one up now.")]
    expires_in: Annotated[int, Meta(description="Seconds until the challenge expires.", examples=[300])]
    passkey: Annotated[
        dict[str, Any] | None,
        Meta(description="For the browser: `PublicKeyCredential.parseRequestOptionsFromJSON`; null without passkeys."),
    ]


class Profile(View):
    """A person."""

    id: UUID
    email: str
    name: str
    language: str
    zone: str


class ImpersonationView(View):
    """Who acts as whom, why and until when: what a banner shows."""

    id: UUID
    impersonator_id: UUID
    impersonator_name: Annotated[str, Meta(description="Who really acts.", examples=["Ana Duarte"])]
    user_id: UUID
    by_operator: bool
    role: str | None
    reason: str
    expires_at: Instant


class Me(View):
    """The signed-in person, in the agency the token names."""

    user: Profile
    agency: AgencyRef
    permissions: Annotated[dict[str, Scope], Meta(description="Each permission with its scope.")]
    impersonation: ImpersonationView | UnsetType = UNSET
    """Only there while somebody acts as this person."""
