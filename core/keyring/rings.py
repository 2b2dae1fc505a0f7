"""Rings of keys: one key of a ring signs or encrypts, the older ones only verify or decrypt until they are dropped."""

from __future__ import annotations

import base64
import secrets
import threading
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from flask import current_app
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from core import clock, ids
from core.config import Settings
from core.crypto import seal, unseal
from core.db.read import SystemQuery
from core.db.session import apart
from core.errors import Conflict, NotFound
from core.extensions import settings
from core.keyring.models import RingKey

LOOK_AGAIN = 1.0
"""Seconds within which a ring is not read twice, however many unknown keys are asked for."""
GOOD_FOR = 30.0
"""Seconds after which a process looks which key is the current one: how late it may begin to use a new one."""
SETTLED_AFTER = timedelta(seconds=40)
"""How old a key is when every process has seen it, clocks that differ by some seconds included."""
_BYTES = 32


class KeptForEver(Conflict):
    """What the ring's key made cannot be made anew."""

    code = "key_kept_for_ever"
    title = "The key of this ring is used for ever"


class Key(msgspec.Struct, frozen=True):
    """A key of a ring."""

    id: UUID
    secret: bytes
    current: bool
    made_at: datetime


TOKENS = "tokens"
"""The ring that signs access and refresh tokens."""
VAULT = "vault"
"""The ring that encrypts the keys of what is encrypted."""
INDEX = "index"
"""The ring that equal values are found by: of another key nothing that is stored would be found."""


class Ring:
    """The keys for one purpose, as this process knows them."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self._master = settings.key_for(f"key ring: {name}")
        self._keys: Mapping[UUID, Key] = {}
        self._looked_at = float("-inf")
        self._lock = threading.RLock()

    def current(self) -> Key:
        """The key to sign or encrypt with; the ring's first one is made when it is asked for."""
        found = self._current(within=GOOD_FOR)
        return found if found is not None else self._first()

    def settled(self) -> Key:
        """The newest key that every process knows by now: what is signed with it, all of them can verify at once."""
        current = self.current()
        if clock.now() - current.made_at >= SETTLED_AFTER:
            return current
        keys = sorted(self._keys.values(), key=lambda key: key.id)
        settled = [key for key in keys if clock.now() - key.made_at >= SETTLED_AFTER]
        # Where all are new, as after a rotation because of a leak, the oldest is known best.
        return settled[-1] if settled else keys[0]

    def find(self, key_id: UUID) -> Key | None:
        """A key to verify or decrypt with; None for one that is unknown here and was dropped or never was."""
        keys = self._known(within=GOOD_FOR)
        return keys.get(key_id) or self._known(within=LOOK_AGAIN).get(key_id)

    def holds(self, key_id: UUID, *, as_of: float) -> bool:
        """Whether there is such a key, as of a moment (monotonic) at least."""
        return key_id in self._known(within=time.monotonic() - as_of)

    def rotate(self) -> Key:
        """Make a new current key; the one before goes on verifying and decrypting. Raises KeptForEver."""
        self._refuse_end()
        with apart() as session:
            session.execute(update(RingKey).where(RingKey.ring == self.name).values(current=False))
            made = self._new()
            session.add(made)
        return self._look()[made.id]

    def drop(self, key_id: UUID) -> None:
        """Forget an old key: what it signed or encrypted is void. Raises NotFound for unknown and current ones.

        Raises KeptForEver.
        """
        self._refuse_end()
        with apart() as session:
            gone = delete(RingKey).where(RingKey.ring == self.name, RingKey.id == key_id, ~RingKey.current)
            if session.execute(gone.returning(RingKey.id)).one_or_none() is None:
                raise NotFound(f"The ring {self.name} has no old key {key_id}")
        self._look()

    def all(self) -> list[Key]:
        """Every key there is now, the oldest first."""
        return sorted(self._look().values(), key=lambda key: key.id)

    def _refuse_end(self) -> None:
        if self.name == INDEX:
            raise KeptForEver

    def _current(self, *, within: float) -> Key | None:
        return next((key for key in self._known(within=within).values() if key.current), None)

    def _first(self) -> Key:
        with apart() as session:
            made = self._new()
            values = {"id": made.id, "ring": made.ring, "secret": made.secret, "current": True}
            # Two processes may start at once: the first one's key it is.
            session.execute(insert(RingKey).values(created_at=made.created_at, **values).on_conflict_do_nothing())
        found = self._current(within=0)
        assert found is not None
        return found

    def _new(self) -> RingKey:
        made = RingKey(id=ids.new(), ring=self.name, current=True, created_at=clock.now())
        sealed = seal(self._master, secrets.token_bytes(_BYTES), place=self._place(made.id))
        made.secret = base64.b64encode(sealed).decode()
        return made

    def _known(self, *, within: float) -> Mapping[UUID, Key]:
        if time.monotonic() - self._looked_at < within:
            return self._keys
        with self._lock:
            # Somebody else may have looked while this one waited.
            if time.monotonic() - self._looked_at < within:
                return self._keys
            return self._look()

    def _look(self) -> Mapping[UUID, Key]:
        # One at a time: what was read earlier must not pass for what was read later.
        with self._lock:
            looked_at = time.monotonic()
            self._keys = {row.id: self._opened(row) for row in _OF_ALL_RINGS.rows() if row.ring == self.name}
            self._looked_at = looked_at
            return self._keys

    def _opened(self, row: _Row) -> Key:
        secret = unseal(self._master, base64.b64decode(row.secret), place=self._place(row.id))
        return Key(row.id, secret, row.current, row.created_at)

    def _place(self, key_id: UUID) -> bytes:
        return f"{self.name}:{key_id}".encode()


class _Row(msgspec.Struct, frozen=True):
    id: UUID
    ring: str
    secret: str
    current: bool
    created_at: datetime


_COLUMNS = (RingKey.id, RingKey.ring, RingKey.secret, RingKey.current, RingKey.created_at)
_OF_ALL_RINGS = SystemQuery(select(*_COLUMNS), _Row)


def ring(name: str) -> Ring:
    """The running application's ring of a name: `tokens`, `vault`."""
    rings: dict[str, Ring] = current_app.extensions.setdefault("tripfile.rings", {})
    found = rings.get(name)
    if found is None:
        found = rings.setdefault(name, Ring(name, settings()))
    return found
