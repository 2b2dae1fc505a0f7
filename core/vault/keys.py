"""Data keys: one for each person in an agency, made when it is first needed, wrapped by the ring `vault`."""

from __future__ import annotations

import base64
import binascii
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, cast
from uuid import UUID

import msgspec
from flask import current_app
from sqlalchemy import ARRAY, Text, Uuid, any_, bindparam, delete, event, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import clock, ids
from core.crypto import Unreadable, seal, unseal
from core.db import closing, locks
from core.db.read import Query
from core.db.tenancy import current_agency_id
from core.extensions import db
from core.keyring.rings import Key as RingKey
from core.keyring.rings import ring
from core.vault import alarm
from core.vault.errors import Erased, SubjectErased
from core.vault.models import DataKey, ErasedSubject

RING = "vault"
KEPT_FOR = 10.0
"""Seconds a process keeps a key that it unwrapped: how long after an erasure elsewhere it could still open what it
had read before."""
MOST_KEPT = 2_000
BYTES = 32
_SESSION = "vault_keys"
_SEALING = "vault_people"
_DATA_KEY = DataKey.metadata.tables[DataKey.__tablename__]
_ERASED = ErasedSubject.metadata.tables[ErasedSubject.__tablename__]


class Person(NamedTuple):
    """Whom sealed values are about."""

    subject: str
    id: UUID


class Key(NamedTuple):
    """A data key, unwrapped."""

    id: UUID
    secret: bytes


class Wrapped(msgspec.Struct, frozen=True):
    """A data key as it is stored."""

    id: UUID
    subject: str
    subject_id: UUID
    wrapped: str
    kek_id: UUID

    @property
    def person(self) -> Person:
        """Whose it is."""
        return Person(self.subject, self.subject_id)


_WRAPPED = Query(
    select(DataKey.id, DataKey.subject, DataKey.subject_id, DataKey.wrapped, DataKey.kek_id).where(
        DataKey.subject == bindparam("subject", type_=Text()),
        DataKey.subject_id == any_(bindparam("subject_ids", type_=ARRAY(Uuid()))),
    ),
    Wrapped,
)


class Cache:
    """Unwrapped keys of committed rows, few and for seconds."""

    def __init__(self) -> None:
        self._keys: OrderedDict[tuple[UUID, Person], tuple[float, Key]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, agency_id: UUID, person: Person) -> Key | None:
        """A key that was read a moment ago."""
        with self._lock:
            until, key = self._keys.get((agency_id, person), (0.0, None))
            return key if time.monotonic() < until else None

    def put(self, agency_id: UUID, person: Person, key: Key) -> None:
        """Keep a key for a moment."""
        with self._lock:
            self._keys[agency_id, person] = (time.monotonic() + KEPT_FOR, key)
            self._keys.move_to_end((agency_id, person))
            while len(self._keys) > MOST_KEPT:
                self._keys.popitem(last=False)

    def drop(self, agency_id: UUID, person: Person) -> None:
        """Forget a key now."""
        with self._lock:
            self._keys.pop((agency_id, person), None)


def cache() -> Cache:
    """The running application's cache."""
    found: Cache = current_app.extensions.setdefault("tripfile.vault", Cache())
    return found


def of(person: Person) -> Key:
    """The key that what is sealed about a person opens with. Raises Erased where there is none."""
    found = of_all(person.subject, [person.id]).get(person.id)
    if found is None:
        raise Erased("There is no key any more of whom this is about")
    return found


def of_all(subject: str, subject_ids: Iterable[UUID]) -> Mapping[UUID, Key]:
    """The keys of several people, by their ids; who has none is left out. One statement at most. Raises Unreadable."""
    found = tried(subject, subject_ids)
    for key in found.values():
        if isinstance(key, Unreadable):
            raise key
    return cast("Mapping[UUID, Key]", found)


def tried(subject: str, subject_ids: Iterable[UUID]) -> Mapping[UUID, Key | Unreadable]:
    """The same, with why a key cannot be unwrapped in its place: one that is lost keeps nobody from the others."""
    known = _known()
    wanted = {Person(subject, each) for each in subject_ids}
    found: dict[UUID, Key | Unreadable] = {
        person.id: key for person in wanted if (key := known.get(person)) is not None
    }
    missing = [person.id for person in wanted if person.id not in found]
    if missing:
        for row in _WRAPPED.rows(subject=subject, subject_ids=missing):
            try:
                key = Key(row.id, unwrapped(row))
            except Unreadable as error:
                alarm.unreadable(str(_DATA_KEY.name), row.id, error)
                found[row.subject_id] = error
            else:
                found[row.subject_id] = key
                known.put(row.person, key)
    return found


def to_seal(person: Person) -> Key:
    """The key to seal something about a person with, made in the running unit of work where there is none.

    Raises SubjectErased.
    """
    agency_id = current_agency_id()
    session = db.session()
    sealing: set[tuple[UUID, Person]] = session.info.setdefault(_SEALING, set())
    if (agency_id, person) not in sealing:
        # An erasure that has begun is waited for, and one that comes waits: nothing is sealed with a key that it
        # deletes, and no key is made that it does not see. What was read before that may be gone.
        locks.shared(_lock(person))
        session.info.get(_SESSION, {}).pop((agency_id, person), None)
        sealing.add((agency_id, person))
    return of_all(person.subject, [person.id]).get(person.id) or _make(person)


def hold(person: Person) -> None:
    """Let nothing about a person be erased, put on hold or sealed elsewhere while this unit of work runs."""
    locks.exclusive(_lock(person))


def _lock(person: Person) -> str:
    return f"person:{current_agency_id()}:{person.subject}:{person.id}"


def is_erased(person: Person) -> bool:
    """Whether a person was erased from the acting agency."""
    gone = (ErasedSubject.subject == person.subject, ErasedSubject.subject_id == person.id)
    return db.session.scalar(select(ErasedSubject.id).where(*gone)) is not None


def forget(person: Person) -> None:
    """Delete a person's key and note that they were erased: what was sealed is noise from here on."""
    hold(person)
    connection = db.session.connection()
    mine = (_DATA_KEY.c.subject == person.subject, _DATA_KEY.c.subject_id == person.id)
    agency_id = current_agency_id()
    connection.execute(delete(_DATA_KEY).where(_DATA_KEY.c.agency_id == agency_id, *mine))
    tombstone = insert(_ERASED).values(
        id=ids.new(), agency_id=agency_id, subject=person.subject, subject_id=person.id, erased_at=clock.now()
    )
    connection.execute(tombstone.on_conflict_do_nothing())
    db.session.info.pop(_SESSION, None)
    kept = cache()
    kept.drop(agency_id, person)
    # Once more: between now and the commit somebody here may read it again.
    closing.of(db.session()).then(lambda: kept.drop(agency_id, person))


def wrap(secret: bytes, *, kek: RingKey, key_id: UUID, person: Person) -> str:
    """A data key of the acting agency as it is stored, wrapped with a key of the ring."""
    return base64.b64encode(seal(kek.secret, secret, place=_place(key_id, person))).decode()


def unwrapped(row: Wrapped) -> bytes:
    """A data key of the acting agency that was stored. Raises Unreadable."""
    kek = ring(RING).find(row.kek_id)
    if kek is None:
        raise Unreadable(f"The ring {RING} has no key {row.kek_id} any more")
    try:
        wrapped = base64.b64decode(row.wrapped, validate=True)
    except binascii.Error as error:
        raise Unreadable("It is no wrapped key") from error
    return unseal(kek.secret, wrapped, place=_place(row.id, row.person))


def _place(key_id: UUID, person: Person) -> bytes:
    # Whoever writes another name beside a key before its person is erased has a key that opens nothing.
    return f"core_data_key:{current_agency_id()}:{person.subject}:{person.id}:{key_id}".encode()


def _make(person: Person) -> Key:
    key_id, secret = ids.new(), secrets.token_bytes(BYTES)
    kek = ring(RING).current()
    stored = wrap(secret, kek=kek, key_id=key_id, person=person)
    connection, agency_id = db.session.connection(), current_agency_id()
    gone = select(_ERASED.c.id).where(
        _ERASED.c.agency_id == agency_id, _ERASED.c.subject == person.subject, _ERASED.c.subject_id == person.id
    )
    if connection.execute(gone).first() is not None:
        raise SubjectErased
    row = {"id": key_id, "agency_id": agency_id, "subject": person.subject, "subject_id": person.id}
    made = insert(_DATA_KEY).values(**row, wrapped=stored, kek_id=kek.id, created_at=clock.now())
    # Whoever makes one for the same person at the same time waits here, and then uses the first one's.
    if connection.execute(made.on_conflict_do_nothing().returning(_DATA_KEY.c.id)).first() is None:
        return of(person)
    key = Key(key_id, secret)
    _known().put(person, key)
    return key


class _Known:
    """The keys this unit of work has read or made, or outside of one the cache."""

    def __init__(self, agency_id: UUID, own: dict[tuple[UUID, Person], Key] | None) -> None:
        self._agency_id = agency_id
        self._own = own

    def get(self, person: Person) -> Key | None:
        """A known key."""
        if self._own is not None:
            return self._own.get((self._agency_id, person))
        return cache().get(self._agency_id, person)

    def put(self, person: Person, key: Key) -> None:
        """Remember a key."""
        if self._own is not None:
            self._own[self._agency_id, person] = key
        else:
            cache().put(self._agency_id, person, key)


def _known() -> _Known:
    session = db.session()
    # What a transaction sees may be its own and vanish with it: a key of those in the cache would seal for nobody.
    own = session.info.setdefault(_SESSION, {}) if session.in_transaction() else None
    return _Known(current_agency_id(), own)


@event.listens_for(db.session, "after_soft_rollback")
def _forget_undone(session: Session, previous: Any) -> None:
    # Of a savepoint, too: a key made in it is gone with it, and so is a lock.
    session.info.pop(_SESSION, None)
    session.info.pop(_SEALING, None)


@event.listens_for(db.session, "after_transaction_end")
def _forget_read(session: Session, transaction: Any) -> None:
    if transaction.parent is None:
        session.info.pop(_SESSION, None)
        session.info.pop(_SEALING, None)
