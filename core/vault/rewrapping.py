"""After the ring got a new key: what the older ones wrap or seal is wrapped and sealed anew, while everything runs."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from uuid import UUID

import structlog
from sqlalchemy import Connection, select

from core import sealing
from core.actor import system
from core.config import Settings
from core.crypto import Unreadable, derive_key, seal, unseal
from core.db.session import apart, unit_of_work
from core.db.tenancy import acting_as
from core.extensions import db
from core.keyring.models import RingKey
from core.keyring.rings import ring
from core.plugins import absent
from core.streams import PLATFORM
from core.vault import keys, repository
from core.vault.repository import SealedColumn

log = structlog.get_logger()
BATCH = 200
"""Rows of one statement, and of one transaction where many follow each other."""
MOST = 1_000
"""Rows of one transaction where everything happens in it: an erasure that needs one of them must not wait for long."""
_START = UUID(int=0)


def everywhere() -> Iterator[int]:
    """Do it for every agency, a transaction for each batch; how many rows each of them changed. Safe to repeat."""
    for agency_id in repository.agency_ids():
        for source in _sources(agency_id):
            yield from _batches(source, partial(_in_agency, agency_id))
    yield from above()


def above() -> Iterator[int]:
    """Do it for what belongs to no agency: people's second factors, letters that wait."""
    for column in _columns(of_agencies=False):
        yield from _batches(_texts(column, None), _as_system)


def here(agency_id: UUID) -> int:
    """Do it for the acting agency in the running transaction; how many rows changed. From MOST on more may be left."""
    changed = 0
    for source in _sources(agency_id):
        for batch in _batches(source, _as_it_is):
            changed += batch
            if changed >= MOST:
                return changed
    return changed


def uses(key_id: UUID) -> int:
    """How many data keys and sealed texts need a key of the ring: while there are any, it must not be dropped."""
    prefix = sealing.prefix_of(key_id)
    found = 0
    for agency_id in repository.agency_ids():
        with acting_as(system(agency_id)):
            connection = db.session.connection()
            found += repository.uses_of(connection, agency_id, key_id)
            for column in _columns(of_agencies=True):
                found += repository.texts_with(connection, column, agency_id, prefix)
    with apart() as session:
        for column in _columns(of_agencies=False):
            found += repository.texts_with(session.connection(), column, None, prefix)
    return found


def unseen() -> list[str]:
    """Plugins that are not loaded: what of their tables needs a key is not counted, and not sealed anew."""
    with apart() as session:
        return absent.names(session.connection())


def reseal_rings(old_secret: str, settings: Settings) -> int:
    """Seal the keys of all rings under the present JWT_SECRET instead of an older one; how many those were.

    Raises Unreadable where one was sealed under neither, and then changes nothing.
    """
    changed = 0
    with apart() as session:
        for row in session.scalars(select(RingKey)):
            place, purpose = f"{row.ring}:{row.id}".encode(), f"key ring: {row.ring}"
            stored, now = base64.b64decode(row.secret), settings.key_for(purpose)
            if _opens(now, stored, place):
                continue
            secret = unseal(derive_key(old_secret.encode(), purpose=purpose), stored, place=place)
            row.secret = base64.b64encode(seal(now, secret, place=place)).decode()
            changed += 1
    return changed


def _opens(key: bytes, stored: bytes, place: bytes) -> bool:
    try:
        unseal(key, stored, place=place)
    except Unreadable:
        return False
    return True


Renew = Callable[[Connection, UUID], tuple[UUID | None, int]]
"""Renews a batch of rows after an id: the last id of it, None where nothing is left, and how many changed."""


def _sources(agency_id: UUID) -> list[Renew]:
    return [_data_keys(agency_id), *(_texts(column, agency_id) for column in _columns(of_agencies=True))]


def _columns(*, of_agencies: bool) -> list[SealedColumn]:
    return [column for column in repository.sealed_columns() if column.of_agencies is of_agencies]


def _data_keys(agency_id: UUID) -> Renew:
    def renew(connection: Connection, after: UUID) -> tuple[UUID | None, int]:
        kek = ring(keys.RING).current()
        rows = repository.old_data_keys(connection, agency_id, kek.id, after=after, most=BATCH)
        new = {}
        for row in rows:
            try:
                new[row.id] = keys.wrap(keys.unwrapped(row), kek=kek, key_id=row.id, person=row.person)
            except Unreadable as error:
                log.warning("vault.unreadable", table="core_data_key", row_id=str(row.id), error=str(error))
        if new:
            repository.store_data_keys(connection, new, kek.id)
        return (rows[-1].id if rows else None), len(new)

    return renew


def _texts(column: SealedColumn, agency_id: UUID | None) -> Renew:
    def renew(connection: Connection, after: UUID) -> tuple[UUID | None, int]:
        prefix = sealing.prefix_of(ring(sealing.RING).current().id)
        rows = repository.old_texts(connection, column, agency_id, prefix, after=after, most=BATCH)
        new = {}
        for row in rows:
            place, owner = column.place.column, agency_id or PLATFORM
            try:
                plain = sealing.opened(row.text, column=place, row_id=row.row_id, agency_id=owner)
            except Unreadable as error:
                log.warning("vault.unreadable", table=column.table.name, row_id=str(row.id), error=str(error))
                continue
            new[row.id] = sealing.sealed(plain, column=place, row_id=row.row_id, agency_id=owner)
        if new:
            repository.store_texts(connection, column, new)
        return (rows[-1].id if rows else None), len(new)

    return renew


def _batches(renew: Renew, connected: Callable[[], AbstractContextManager[Connection]]) -> Iterator[int]:
    after: UUID | None = _START
    while after is not None:
        with connected() as connection:
            after, changed = renew(connection, after)
        yield changed


@contextmanager
def _in_agency(agency_id: UUID) -> Iterator[Connection]:
    with unit_of_work(), acting_as(system(agency_id)):
        yield db.session.connection()


@contextmanager
def _as_system() -> Iterator[Connection]:
    with apart() as session:
        yield session.connection()


@contextmanager
def _as_it_is() -> Iterator[Connection]:
    yield db.session.connection()
