"""Notifications on the wire."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from core.sdk import Draft, Instant, Patch, View

Choice = Annotated[
    Literal["now", "daily", "off"],
    Meta(description="At once, with the daily digest, or not at all.", examples=["daily"]),
]
IN_APP = "in_app"
"""The channel that is the product itself."""
Seq = Annotated[int, Meta(ge=0, le=2**53, description="Number in the person's own stream.", examples=[12])]
Name = Annotated[str, Meta(min_length=1, max_length=80)]


class NotificationView(View):
    """One thing you are told. `title` is `words` put into the sentence of its kind."""

    id: UUID
    seq: int
    kind: str
    title: str
    words: dict[str, str]
    actor_id: UUID | None
    actor_name: str | None
    subject: str | None
    subject_id: UUID | None
    event_seq: int | None
    unread: bool
    waiting: bool
    """It waits for the daily digest: shown without a signal."""
    digest_id: UUID | None
    """The notification that is the digest it came with."""
    created_at: Instant
    told_at: Instant | None
    read_at: Instant | None


class UnreadView(View):
    """How much there is to read."""

    unread: int
    waiting: int
    """What waits for the daily digest; not among the unread."""
    seq: int
    """The last number in your stream."""


class ReadUpto(Draft):
    """Everything up to this number has been read."""

    upto: Seq


class ReadReceipt(View):
    """What was read in another tab: everything up to a number, or one notification, and what is left."""

    upto: int | None
    id: UUID | None
    unread: int


class ChannelView(View):
    """A way to be told. One that is not available keeps your choice for when it is."""

    name: str
    summary: str
    available: bool


class KindView(View):
    """A kind of notice, and how you want it on each channel."""

    name: str
    summary: str
    daily: bool
    """Whether it may wait for the daily digest."""
    channels: dict[str, Choice]


class PreferencesView(View):
    """How you want to be told what."""

    channels: list[ChannelView]
    kinds: list[KindView]


class PreferencesPatch(Patch):
    """Changes by kind and channel; null goes back to the default."""

    kinds: (
        Annotated[
            dict[Name, dict[Name, Choice | None]],
            Meta(max_length=200, examples=[{"leads.assigned": {"in_app": "daily"}}]),
        ]
        | UnsetType
    ) = UNSET


class MuteView(View):
    """Something you hear nothing more about."""

    id: UUID
    subject: str
    subject_id: UUID
    created_at: Instant


class PushDraft(Draft):
    """Where to push your notifications to."""

    url: Annotated[
        str,
        Meta(
            pattern="^https?://[\\x21-\\x7e]+$",
            max_length=2000,
            description="https, a public host, no user name.",
            examples=["https://push.example.com/ana"],
        ),
    ]


class PushView(View):
    """Where your notifications are pushed to, and how it has answered lately."""

    url: str
    failing_since: Instant | None
    last_error: str | None
    created_at: Instant


class PushSecretView(View):
    """Where your notifications are pushed to, and the secret that signs them, shown this once."""

    url: str
    secret: str


class Delivery(View):
    """A notification on its way to its person on another channel."""

    user_id: UUID
    notification: NotificationView
    digested: list[NotificationView]
    """What a digest tells of; empty for any other kind."""
