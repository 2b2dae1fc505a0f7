"""What other plugins may say about leads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.sdk import hookspec

from .schemas.scored import Contribution
from .schemas.timeline import TimelineEntry


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which part of a timeline is asked for."""

    lead_ids: tuple[UUID, ...]
    """The lead, and those that became part of it; the caller may see them."""
    kinds: frozenset[str]
    """The kinds of entries that are wanted; all where there are none."""
    before_at: datetime
    before_id: UUID
    most: int
    """How many entries are needed at most: the newest of those before `place`."""

    @property
    def place(self) -> tuple[datetime, UUID]:
        """Where the page before has ended: wanted is what is earlier, and of the same instant has a smaller id."""
        return self.before_at, self.before_id

    def wants(self, kind: str) -> bool:
        """Whether entries of a kind are wanted."""
        return not self.kinds or kind in self.kinds


@hookspec
def leads_timeline(asked: Asked) -> list[TimelineEntry]:  # type: ignore[empty-body] # a signature and a sentence
    """What you know of a lead that the caller may see, newest first, in one statement; kinds begin with your name."""


@hookspec
def leads_merged(lead_id: UUID, other_id: UUID) -> dict[str, list[UUID]]:  # type: ignore[empty-body] # it says
    """Another lead goes into this one: make yours of the other this one's, and say which rows, by kind.

    Whether or not the caller may see them, deleted ones included, in the running unit of work and whether or not the
    agency has you on. An error undoes the merge.
    """


@hookspec
def leads_merge_undone(lead_id: UUID, other_id: UUID, moved: dict[str, list[UUID]]) -> None:
    """The other lead is one of its own again: give it back what you moved, where it is still this one's.

    `moved` is what all plugins said. An error undoes the undoing.
    """


@hookspec
def leads_score(lead_ids: tuple[UUID, ...]) -> dict[UUID, list[Contribution]]:  # type: ignore[empty-body] # it says
    """What you would add to the scores of open leads, or take from them, by lead; up to two thousand at a time.

    In the running unit of work and whether or not anybody may see them: answer with what you keep, in one statement,
    and ask nobody outside. It is shown apart; whether it counts is for the agency to say. An error, or an answer out of
    bounds, is logged, and you have said nothing. Where you know more later, call `plugins.leads.api.rescore`.
    """
