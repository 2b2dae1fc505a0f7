"""What people can be told about: each kind of notice is declared beside the events that cause it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from string import Formatter
from typing import Any
from uuid import UUID

from core.events.event import Event

ACTOR = "actor"
"""The word that stands for whoever caused a notice; their name is filled in when it is read."""


def _nobody(_event: Any) -> Iterable[UUID]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A kind of notice, listed in `Plugin.notices`; the notifications plugin stores and delivers it."""

    name: str
    """`<plugin>.<word>`, e.g. `leads.assigned`; what preferences are set for."""
    summary: str
    """What a person reads beside the switch: `A lead is assigned to me`."""
    event: type[Event] | tuple[type[Event], ...] = ()
    """What causes it; nothing where `plugins.notifications.api.notify` is called instead."""
    recipients: Callable[[Any], Iterable[UUID]] = _nobody
    """The users to tell about an event; asked as the system in the agency. Who caused it is left out."""
    title: str
    """The line people read, with `{words}` in braces and no format of theirs; `{actor}` needs no word."""
    words: Callable[[Any], Mapping[str, str]] = field(default=lambda _event: {})
    """The values of the words in braces: references and codes, nothing personal."""
    digest: bool = True
    """Whether it may wait for the daily digest where a person prefers that."""

    @property
    def events(self) -> tuple[type[Event], ...]:
        """What causes it."""
        return self.event if isinstance(self.event, tuple) else (self.event,)

    def problem(self) -> str | None:
        """What is wrong with it, as the end of a sentence."""
        if not self.summary.strip():
            return "has no summary; say when somebody gets it"
        if bool(self.events) != (self.recipients is not _nobody):
            return "needs both `event` and `recipients`, or neither where `notify` is called instead"
        try:
            parts = list(Formatter().parse(self.title))
        except ValueError:
            parts = []
        if not parts or any(name is not None and (not name.isidentifier() or rest) for _, name, rest, _ in parts):
            return f"has the title {self.title!r}; write a sentence with plain {{words}} in braces"
        return None


class _Words(dict[str, str]):
    """The words of a title; one that is missing leaves a gap, never an error."""

    def __missing__(self, name: str) -> str:
        return "…"


def titled(title: str, words: Mapping[str, str]) -> str:
    """A title with its words filled in."""
    return title.format_map(_Words(words))
