"""Sign-in on the wire."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from core.actor import Scope
from core.fields import Email
from core.http.structs import Draft, View


class Login(Draft):
    """E-mail address and password, and the agency for people who belong to several."""

    email: Email
    password: Annotated[str, Meta(min_length=1, max_length=1024, examples=["a long and quiet passphrase"])]
    agency: Annotated[str, Meta(description="Slug of the agency.", examples=["sunrise-travel"])] | UnsetType = UNSET


class Refresh(Draft):
    """The refresh token of the last answer."""

    refresh_token: Annotated[str, Meta(max_length=4096)]


class Switch(Draft):
    """The agency to act in from now on."""

    agency: Annotated[str, Meta(description="Slug of the agency.", examples=["sunrise-travel"])]


class PasswordChange(Draft):
    """The present password and the new one."""

    current: Annotated[str, Meta(max_length=1024, examples=["a long and quiet passphrase"])]
    new: Annotated[
        str, Meta(max_length=1024, description="15 to 256 characters.", examples=["longer and quieter still"])
    ]


class AgencyRef(View):
    """An agency the person belongs to."""

    id: UUID
    slug: str
    name: str


class Tokens(View):
    """A pair of tokens: the access token goes into `Authorization: Bearer`, the refresh token buys the next pair."""

    access_token: str
    refresh_token: str
    token_type: str
    expires_in: Annotated[int, Meta(description="Seconds until the access token expires.", examples=[600])]
    agency: AgencyRef
    agencies: list[AgencyRef]


class Challenge(View):
    """The first proof was right; a second one opens the session."""

    challenge: Annotated[str, Meta(description="Send it with the second proof; good once and for a few minutes.")]
    methods: Annotated[list[str], Meta(description="What counts: `totp`, `recovery_code`, `passkey`.")]
    enrol: Annotated[bool, Meta(description="A role asks for a second factor and there is none yet: set one up now.")]
    expires_in: Annotated[int, Meta(description="Seconds until the challenge expires.", examples=[300])]


class Profile(View):
    """A person."""

    id: UUID
    email: str
    name: str
    language: str
    zone: str


class Me(View):
    """The signed-in person, in the agency the token names."""

    user: Profile
    agency: AgencyRef
    permissions: Annotated[dict[str, Scope], Meta(description="Each permission with its scope.")]
