"""Words about people in events: sealed with the person's data key when published, opened for who may read them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias
from uuid import UUID

import msgspec

from core.crypto import Unreadable
from core.db.tenancy import current_agency_id
from core.disclosure import actor_sees, guarded_fields
from core.events.event import Event, declared_as
from core.events.fields import sealed_fields
from core.vault import keys, texts
from core.vault.errors import Erased
from core.vault.keys import Key, Person

ERASED = "[erased]"
"""What people see of somebody who was erased."""
REDACTED = "[personal]"
Payload: TypeAlias = dict[str, Any]
Keys: TypeAlias = Mapping[Person, Key]
MARK = "$sealed"
"""`{"$sealed": <text>, "subject": <kind of person>, "subject_id": <their id>}`: what stands for words in the log."""
_FORM = frozenset({MARK, "subject", "subject_id"})


def closed(event: Event, *, event_id: UUID) -> Payload:
    """The payload of an event as the log keeps it. Raises SubjectErased."""
    payload: Payload = msgspec.to_builtins(event)
    for name, sealed in sealed_fields(type(event)).items():
        plain = payload.get(name)
        if plain is not None:
            person = Person(sealed.subject, getattr(event, sealed.about))
            text = texts.sealed(plain, key=keys.to_seal(person), place=_place(event.name, name, event_id))
            payload[name] = {MARK: text, "subject": person.subject, "subject_id": str(person.id)}
    return payload


def keys_of(payloads: Iterable[Payload]) -> Keys:
    """What opens the words in some payloads of the acting agency: one statement for each kind of person."""
    wanted: defaultdict[str, set[UUID]] = defaultdict(set)
    for payload in payloads:
        for value in payload.values():
            if is_sealed(value):
                wanted[value["subject"]].add(UUID(value["subject_id"]))
    return {Person(kind, each): key for kind, ids in wanted.items() for each, key in keys.of_all(kind, ids).items()}


def opened(payload: Payload, *, name: str, event_id: UUID, known: Keys | None = None) -> Payload:
    """A payload with its words in clear, None where the person was erased. Raises Unreadable."""
    sealed = [field for field, value in payload.items() if is_sealed(value)]
    if not sealed:
        return payload
    known = keys_of([payload]) if known is None else known
    return {**payload, **{field: _open(payload[field], _place(name, field, event_id), known) for field in sealed}}


def shown(payload: Payload, *, name: str, event_id: UUID, known: Keys) -> Payload:
    """A payload as the acting one may see it: for them words are in clear, erased, or only known to be there."""
    if not any(map(is_sealed, payload.values())):
        return payload
    kind = declared_as(name)
    # Of an event that nobody declares any more nobody knows who may read it.
    guards = guarded_fields(kind) if kind is not None else {}
    visible = {field: value for field, value in payload.items() if field in guards and actor_sees(guards[field])}
    try:
        clear = opened(visible, name=name, event_id=event_id, known=known)
    except Unreadable:
        clear = {}
    return {**redacted(payload), **marked(clear, payload)}


def about(person: Person, payload: Payload, *, name: str, event_id: UUID) -> dict[str, str]:
    """The words in a payload that are about a person, in clear; none once they were erased. Raises Unreadable."""
    told = {"subject": person.subject, "subject_id": str(person.id)}
    theirs = {field: value for field, value in payload.items() if is_sealed(value) and told.items() <= value.items()}
    clear = opened(theirs, name=name, event_id=event_id)
    return {field: value for field, value in clear.items() if value is not None}


def redacted(payload: Payload) -> Payload:
    """A payload that only says where there are words."""
    return {field: REDACTED if is_sealed(value) else value for field, value in payload.items()}


def marked(told: Payload, payload: Payload) -> Payload:
    """What is told of a payload, with a mark where the person was erased."""
    return {field: ERASED if value is None and is_sealed(payload.get(field)) else value
            for field, value in told.items()}  # fmt: skip


def is_sealed(value: object) -> bool:
    """Whether a value of a payload stands for words."""
    return isinstance(value, dict) and value.keys() == _FORM


def _open(value: Mapping[str, str], place: bytes, known: Keys) -> str | None:
    key = known.get(Person(value["subject"], UUID(value["subject_id"])))
    try:
        return texts.opened(value[MARK], key=key, place=place) if key is not None else None
    except Erased:
        return None


def _place(name: str, field: str, event_id: UUID) -> bytes:
    return f"core_event:{name}:{field}:{current_agency_id()}:{event_id}".encode()
