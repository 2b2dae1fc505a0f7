"""Rows that are there already: in the agency, or further up in their own file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from core.imports.importer import Likeness

_MOST = 60
"""How many rows with one key are looked at, the last ones."""


class Duplicate(NamedTuple):
    """What a row is a duplicate of."""

    score: int
    reasons: list[str]
    id: UUID | None = None
    """Where it is in the agency and the caller may see it."""
    person_id: UUID | None = None
    line: int | None = None
    """Where it is in the same file."""


class Twins:
    """Finds duplicates of rows. `within_file` looks at the rows before, too, which a dry run leaves nowhere else."""

    def __init__(self, likeness: Likeness[Any], *, least: int, within_file: bool) -> None:
        self._likeness = likeness
        self._least = least
        self._seen: dict[str, list[tuple[int, Any]]] | None = defaultdict(list) if within_file else None

    def of(self, sought: Any) -> Duplicate | None:
        """The likeliest one, of whatever is likely enough."""
        found = [self._there(sought), self._above(sought)]
        return max((each for each in found if each is not None), key=lambda each: each.score, default=None)

    def remember(self, line: int, sought: Any) -> None:
        """Later rows may be duplicates of this one, which would come in."""
        if self._seen is not None:
            for key in self._likeness.keys(sought, self._least):
                self._seen[key].append((line, sought))

    def _there(self, sought: Any) -> Duplicate | None:
        best = max(self._likeness.found(sought, self._least), key=lambda each: each.score, default=None)
        if best is None or best.score < self._least:
            return None
        # Of what the caller may not see it is told that it is there.
        seen = best.id if best.within else None
        return Duplicate(best.score, _codes(best.reasons), seen, best.person_id)

    def _above(self, sought: Any) -> Duplicate | None:
        if self._seen is None:
            return None
        keys = self._likeness.keys(sought, self._least)
        near = {line: other for key in keys for line, other in self._seen[key][-_MOST:]}
        best: Duplicate | None = None
        for line, other in near.items():
            score, reasons = self._likeness.weigh(sought, other)
            if score >= self._least and (best is None or score > best.score):
                best = Duplicate(score, _codes(reasons), line=line)
        return best


def _codes(reasons: Sequence[Any]) -> list[str]:
    # Their details quote addresses and names.
    return [reason.code for reason in reasons]
