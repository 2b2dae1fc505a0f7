"""Consents on the wire."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta

from core.sdk import Draft, Instant, View

Purpose = Annotated[
    str,
    Meta(pattern="^[a-z][a-z0-9_]{0,39}$", description="What somebody is contacted for.", examples=["newsletter"]),
]
Channel = Annotated[
    str, Meta(pattern="^[a-z][a-z0-9_]{0,39}$", description="How they are contacted.", examples=["email"])
]
Stated = Annotated[
    Literal["given", "pending", "withdrawn"],
    Meta(description="What they said; `pending` until they confirm it (double opt-in).", examples=["given"]),
]
ConsentState = Annotated[
    Literal["given", "pending", "withdrawn", "expired"],
    Meta(description="How it stands; of what is not listed nothing is known.", examples=["given"]),
]
Basis = Annotated[
    Literal["consent", "contract", "legitimate_interest", "legal_obligation"],
    Meta(description="What makes it lawful (GDPR, article 6).", examples=["consent"]),
]
ConsentSource = Annotated[
    str,
    Meta(pattern="^[a-z][a-z0-9_]{0,39}$", description="How it reached us: form, phone, import.", examples=["phone"]),
]
Wording = Annotated[
    str,
    Meta(
        pattern="^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$",
        description="Version of the text they were shown.",
        examples=["newsletter-2026-05"],
    ),
]
SaidAt = Annotated[Instant, Meta(description="When they said so.")]
ExpiresAt = Annotated[Instant, Meta(description="Until when it holds.")]


class ConsentDraft(Draft):
    """What a contact said about being contacted.

    A withdrawal that leaves out the channel is one of every channel; one that leaves out the purpose is one of every
    purpose that is no part of the contract.
    """

    state: Stated
    purpose: Purpose | None = None
    channel: Channel | None = None
    basis: Basis = "consent"
    source: ConsentSource = "manual"
    wording: Wording | None = None
    said_at: SaidAt | None = None
    expires_at: ExpiresAt | None = None


class ConsentsDraft(Draft):
    """What a contact said, all of it at once."""

    consents: Annotated[list[ConsentDraft], Meta(min_length=1, max_length=50)]


class ConsentView(View):
    """How things stand for one purpose and channel."""

    purpose: Purpose
    channel: Channel
    state: ConsentState
    basis: Basis
    source: ConsentSource
    wording: Wording | None
    said_at: SaidAt
    expires_at: ExpiresAt | None
    asked_at: (
        Annotated[Instant, Meta(description="When they were asked what they have yet to answer, whatever stands.")]
        | None
    ) = None


class StatementView(View):
    """What somebody said once about being contacted."""

    id: UUID
    contact_id: Annotated[UUID, Meta(description="Of whom it was said: this contact, or one that went into it.")]
    purpose: Purpose
    channel: Channel
    state: Stated
    basis: Basis
    source: ConsentSource
    wording: Wording | None
    said_at: SaidAt
    expires_at: ExpiresAt | None
    recorded_by: UUID | None
    recorded_by_name: str | None
    created_at: Instant


class MayContact(View):
    """Whether somebody may be contacted for a purpose by a channel, and why."""

    allowed: bool
    reason: Literal["given", "contract", "withdrawn", "pending", "expired", "nothing_said", "no_contact"]
    basis: Basis | None
