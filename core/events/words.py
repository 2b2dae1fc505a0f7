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
from core.events.models import EventEntry
from core.vault import alarm, keys, texts
from core.vault.errors import Erased
from core.vault.keys import Key, Person

ERASED = "[erased]"
"""What people see of somebody who was erased."""
REDACTED = "[personal]"
UNREADABLE = "[unreadable]"
"""What people see where nobody can open the words any more although nobody was erased: a key is lost, or damaged."""
Payload: TypeAlias = dict[str, Any]
Keys: TypeAlias = Mapping[Person, Key | Unreadable]
"""People's keys, or why they cannot be had; who was erased has none."""
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
    return {Person(kind, each): key for kind, ids in wanted.items() for each, key in keys.tried(kind, ids).items()}


def of_person(person: Person) -> Keys:
    """What opens the words about one person, in any number of events."""
    return {Person(person.subject, each): key for each, key in keys.tried(person.subject, [person.id]).items()}


def opened(payload: Payload, *, name: str, event_id: UUID) -> Payload:
    """A payload with its words in clear, None where the person was erased. Raises Unreadable."""
    found = _tried(payload, name, event_id, keys_of([payload]))
    for word in found.values():
        if isinstance(word, Unreadable):
            raise word
    return {**payload, **found}


def legible(payload: Payload, *, name: str, event_id: UUID, known: Keys) -> Payload:
    """The same, with a mark where words cannot be opened: one event that is damaged stops nobody who reads many."""
    found = _tried(payload, name, event_id, known)
    return {**payload, **{field: UNREADABLE if isinstance(word, Unreadable) else word for field, word in found.items()}}


def shown(payload: Payload, *, name: str, event_id: UUID, known: Keys) -> Payload:
    """A payload as the acting one may see it: words are in clear, erased, unreadable, or only known to be there."""
    if not any(map(is_sealed, payload.values())):
        return payload
    kind = declared_as(name)
    # Of an event that nobody declares any more nobody knows who may read it.
    guards = guarded_fields(kind) if kind is not None else {}
    visible = {field: value for field, value in payload.items() if field in guards and actor_sees(guards[field])}
    clear = legible(visible, name=name, event_id=event_id, known=known)
    return {**redacted(payload), **marked(clear, payload)}


def about(person: Person, payload: Payload, *, name: str, event_id: UUID, known: Keys) -> dict[str, str]:
    """The words in a payload that are about a person, in clear; none once they were erased or cannot be opened."""
    told = {"subject": person.subject, "subject_id": str(person.id)}
    theirs = {field: value for field, value in payload.items() if is_sealed(value) and told.items() <= value.items()}
    return {field: word for field, word in _tried(theirs, name, event_id, known).items() if isinstance(word, str)}


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


def _tried(payload: Payload, name: str, event_id: UUID, known: Keys) -> dict[str, str | None | Unreadable]:
    """The words of a payload in clear, None of who was erased, or why they cannot be opened."""
    sealed = {field: value for field, value in payload.items() if is_sealed(value)}
    return {field: _open(value, _place(name, field, event_id), event_id, known) for field, value in sealed.items()}


def _open(value: Mapping[str, str], place: bytes, event_id: UUID, known: Keys) -> str | None | Unreadable:
    key = known.get(Person(value["subject"], UUID(value["subject_id"])))
    if key is None or isinstance(key, Unreadable):
        return key
    try:
        return texts.opened(value[MARK], key=key, place=place)
    except Erased:
        return None
    except Unreadable as error:
        alarm.unreadable(str(EventEntry.__tablename__), event_id, error)
        return error


def _place(name: str, field: str, event_id: UUID) -> bytes:
    return f"core_event:{name}:{field}:{current_agency_id()}:{event_id}".encode()
