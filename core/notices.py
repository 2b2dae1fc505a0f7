"""What people can be told about: each kind of notice is declared beside the event that causes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from core.events.event import Event


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A kind of notice, listed in `Plugin.notices`; the notifications plugin stores and delivers it."""

    name: str
    """`<plugin>.<word>`, e.g. `leads.assigned`; what preferences are set for."""
    summary: str
    """What a person reads beside the switch: `A lead is assigned to me`."""
    event: type[Event]
    recipients: Callable[[Any], Iterable[UUID]]
    """The users to tell about an event; asked as the system in the agency. Who caused it is left out."""
    title: str
    """The line people read, with `{words}` in braces."""
    words: Callable[[Any], Mapping[str, str]] = field(default=lambda _event: {})
    """The values of the words in braces."""
    digest: bool = True
    """Whether it may wait for the daily digest where a person prefers that."""
