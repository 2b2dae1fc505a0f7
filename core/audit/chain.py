"""The hash chain over an agency's log: what is hashed, byte for byte, so that anybody can recompute it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

import msgspec

GENESIS = "0" * 64
"""What stands before the first event."""


class Sealable(msgspec.Struct, frozen=True):
    """An event as it is hashed, its fields in the order of the form."""

    form: int
    agency_id: UUID
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
    payload: str
    before: str | None
    after: str | None
    origin: str | None
    impersonator_id: UUID | None
    key_id: UUID | None


_EVERY = Sealable.__struct_fields__
_ADDED = ("origin", "impersonator_id", "key_id")
_FIRST = tuple(name for name in _EVERY if name != "form" and name not in _ADDED)


class Seal(msgspec.Struct, frozen=True):
    """The hash at a number."""

    seq: int
    hash: str


def form(event: Sealable) -> bytes:
    """The bytes that stand for an event: its fields, one after the other and nothing between them, in this order.

    `form`, `agency_id`, `seq`, `id`, `name`, `schema_version`, `occurred_at`, `subject`, `subject_id`, `actor_kind`,
    `actor_id`, `request_id`, `payload`, `before`, `after`, `origin`, `impersonator_id`, `key_id`

    An event whose `form` is 1 was written before there were the last three: without them and without `form` itself.
    Where an event came from is in it by its digest alone (`core.events.origins`), so that it can be forgotten.

    Each field is its length in bytes as a decimal number, a colon, and its text in UTF-8; a field that is NULL is a
    single `~`. Numbers are decimal; UUIDs have hyphens and lower-case letters; `occurred_at` is UTC with six decimals,
    as `2026-03-01T08:30:00.000000Z`; `payload`, `before` and `after` are the text PostgreSQL gives for the jsonb value
    (`payload::text`), whose keys are sorted and whose spacing is fixed.
    """
    # An event of the first form that has one of the others got it afterwards: it must not look like what was sealed.
    first = event.form == 1 and not any(getattr(event, name) is not None for name in _ADDED)
    return b"".join(_field(getattr(event, name)) for name in (_FIRST if first else _EVERY))


def seal(before: str, event: Sealable) -> Seal:
    """The next link after a hash: the SHA-256 of the hash before and the form of the event.

    It is written in 64 lower-case hexadecimal digits and hashed as these 64 ASCII bytes; before the first event stand
    64 zeros.
    """
    return Seal(event.seq, sha256(before.encode() + form(event)).hexdigest())


def seals(before: str, events: Sequence[Sealable]) -> list[Seal]:
    """The next links after a hash, in order."""
    made = []
    for event in events:
        made.append(seal(before, event))
        before = made[-1].hash
    return made


def _field(value: UUID | datetime | str | int | None) -> bytes:
    if value is None:
        return b"~"
    if isinstance(value, datetime):
        value = value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    text = str(value).encode()
    return b"%d:%s" % (len(text), text)
