"""Followers read an agency's log in order, each event once: projections, notifications, webhooks, the seal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from core.events import words
from core.events.event import Event, revive


class Recorded(msgspec.Struct, frozen=True):
    """An event as the log holds it."""

    seq: int
    id: UUID
    name: str
    schema_version: int
    occurred_at: datetime
    subject: str
    subject_id: UUID
    actor_kind: str
    actor_id: UUID | None
    request_id: str | None
    payload: dict[str, Any]
    """As it is stored: with words about people sealed."""
    before: dict[str, Any] | None
    after: dict[str, Any] | None

    def event(self) -> Event:
        """The typed event, in its present version. Raises UnknownEvent where its plugin is gone, Unreadable.

        Words about people are in clear, None where the person was erased.
        """
        payload = words.opened(self.payload, name=self.name, event_id=self.id)
        return revive(self.name, self.schema_version, payload)


@dataclass(frozen=True, kw_only=True)
class Follower:
    """Reads each agency's log in order; its checkpoint moves in the transaction of its effect.

    `apply` runs as the system in the agency, in the transaction that moves the checkpoint; what it raises stops this
    follower in this agency, and it is tried again later. It may see a plugin's events of long ago: those it was made
    too late for, or those of a rebuild.

    What it writes for a `build` is seen by nobody until that build is live (`live_build`): so it is rebuilt
    from the first event beside the running one. One that keeps no rows of its own (it enqueues jobs, say) sets no
    `forget` and ignores `build`.
    """

    name: str
    """`<plugin>.<word>`."""
    summary: str
    apply: Callable[[Sequence[Recorded], int], None]
    events: frozenset[str] | None = None
    """The events it wants; None for all."""
    forget: Callable[[int], None] | None = None
    """Remove what was written for a build that is replaced; None where nothing can be rebuilt."""
    from_start: bool = False
    """Whether agencies that were there before it are read from their first event; always so where it can be rebuilt."""
    eager: bool = True
    """Whether it reads as soon as something happened; otherwise every few seconds, or when there is a full batch."""

    @property
    def complete(self) -> bool:
        """Whether it must see every event: it waits while its plugin is off, where others let those events pass."""
        return self.from_start or self.forget is not None
