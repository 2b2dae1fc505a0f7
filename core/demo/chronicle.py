"""What happened in a made-up agency: told by plugins one after the other, written in the order in which it happened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from random import Random
from tempfile import TemporaryFile
from typing import IO, Any
from uuid import UUID

import msgspec

from core import bulk, ids, streams
from core.actor import current_actor
from core.db.tenancy import current_agency_id
from core.events.event import Event
from core.events.fields import sealed_fields
from core.events.log import FORM, SCOPE, Unsealable, subject_of
from core.events.models import EventEntry

_NUMBER = b'{"seq":%d,'


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """An event of the past."""

    event: Event
    at: datetime
    user_id: UUID | None
    """Who did it; nobody in particular where it came in from outside."""
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    """The columns that changed, as `publish(of=...)` tells them; of a new row all, by `bulk.facts`."""


class Chronicle:
    """Any number of facts of one agency, in any order, until they are written into its log."""

    def __init__(self) -> None:
        self._opened: IO[bytes] | None = None
        self._places: list[tuple[datetime, int, int, int]] = []
        self._end = 0

    def __len__(self) -> int:
        return len(self._places)

    def tell(self, facts: Iterable[Fact], random: Random) -> None:
        """Keep facts of the acting agency, whose ids are made of `random`. What happens at once stays in this order."""
        agency_id, kind = current_agency_id(), current_actor().kind
        file = self._file
        file.seek(self._end)
        for fact in facts:
            row = msgspec.json.encode(_row(fact, agency_id, kind, random))
            self._places.append((fact.at.astimezone(UTC), len(self._places), self._end, len(row)))
            self._end += file.write(row)

    def write(self) -> int:
        """Append all of it to the acting agency's log; the last number there. Nobody is called for it.

        Everybody else who publishes in the agency waits until the unit of work ends.
        """
        last = streams.reserve(SCOPE, len(self._places))
        bulk.insert_encoded(EventEntry, _NAMES, self._rows(last - len(self._places)))
        return last

    def close(self) -> None:
        """Forget all of it."""
        if self._opened is not None:
            self._opened.close()

    @property
    def _file(self) -> IO[bytes]:
        # Of a hundred thousand leads there are half a million facts; no memory has to hold them.
        if self._opened is None:
            self._opened = TemporaryFile()  # noqa: SIM115 - `close` ends it
        return self._opened

    def _rows(self, seq: int) -> Iterator[bytes]:
        file = self._file
        for number, (_, _, offset, length) in enumerate(sorted(self._places), start=seq + 1):
            file.seek(offset)
            yield _NUMBER % number + file.read(length)[1:]


_NAMES = (
    *("seq", "id", "agency_id", "name", "schema_version", "occurred_at", "subject", "subject_id"),
    *("actor_kind", "actor_id", "payload", "before", "after", "form"),
)


def _row(fact: Fact, agency_id: UUID, kind: str, random: Random) -> dict[str, Any]:
    if sealed_fields(type(fact.event)):
        raise Unsealable(f"{fact.event.name} has words about a person: leave them out of what is made up")
    return {
        "id": ids.at(fact.at, random),
        "agency_id": agency_id,
        "name": fact.event.name,
        "schema_version": fact.event.schema_version,
        "occurred_at": fact.at,
        "subject": subject_of(type(fact.event)),
        "subject_id": fact.event.subject_id(),
        "actor_kind": "user" if fact.user_id else kind,
        "actor_id": fact.user_id,
        "payload": msgspec.to_builtins(fact.event),
        "before": fact.before or None,
        "after": fact.after or None,
        "form": FORM,
    }
