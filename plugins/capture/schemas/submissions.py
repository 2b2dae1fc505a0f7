"""What came in, on the wire and as it is stored."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, Struct

from core.sdk import Instant, View

State = Annotated[
    Literal["accepted", "spam", "faulty"],
    Meta(description="A lead was made of it, it looked like spam, or no lead could be made of it.", examples=["spam"]),
]
Channel = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,39}$", description="How it came in.", examples=["form"])]


class StoredFault(Struct, frozen=True):
    """Why no lead could be made."""

    pointer: str
    code: str
    message: str


class ConsentSaid(Struct, frozen=True):
    """What somebody said to a consent that they were asked for, with the words they read."""

    purpose: str
    channels: list[str]
    version: str
    text: str
    given: bool
    double_opt_in: bool = False


class Payload(Struct, frozen=True, kw_only=True):
    """What came in, as it came: sealed."""

    values: dict[str, Any] = {}
    """By field; empty of what a hook has yet to read."""
    consents: list[ConsentSaid] = []
    body: str = ""
    """What a sender sent to a hook, or the text of a letter or message."""
    form: bool = False
    """Whether that is a form rather than JSON."""


class SubmissionRow(View):
    """Something that came in."""

    id: UUID
    channel: Channel
    form_id: UUID | None
    hook_id: UUID | None
    state: State
    reason: str | None
    sender: str | None
    contact_id: UUID | None
    lead_id: UUID | None
    known: bool
    version: int
    created_at: Instant


class SubmissionView(View):
    """Something that came in, with what it said."""

    id: UUID
    channel: Channel
    form_id: UUID | None
    hook_id: UUID | None
    state: State
    reason: str | None
    sender: str | None
    faults: list[StoredFault]
    contact_id: UUID | None
    lead_id: UUID | None
    known: bool
    values: dict[str, Any]
    consents: list[ConsentSaid]
    body: Annotated[str | None, Meta(description="What a sender sent to a hook, or the text of a letter or message.")]
    version: int
    created_at: Instant
