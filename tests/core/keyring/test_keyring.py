"""Rings of keys."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from uuid import UUID

import pytest
from flask import Flask
from pydantic import SecretStr
from sqlalchemy import select

from core import ids
from core.config import Settings
from core.crypto import Unreadable
from core.db.session import apart
from core.errors import NotFound
from core.keyring import rings
from core.keyring.models import RingKey
from core.keyring.rings import Ring


@pytest.fixture(autouse=True)
def _context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


@pytest.fixture
def ring(settings: Settings) -> Ring:
    return Ring(f"test {ids.new()}", settings)


class TestARing:
    def test_makes_its_first_key_when_it_is_asked_for(self, ring: Ring) -> None:
        made = ring.current()
        assert len(made.secret) == 32
        assert ring.current() == made

    def test_of_two_processes_that_start_at_once_has_one_key(self, app: Flask, ring: Ring, settings: Settings) -> None:
        found: list[UUID] = []

        def start() -> None:
            with app.app_context():
                found.append(Ring(ring.name, settings).current().id)

        threads = [threading.Thread(target=start) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 6
        assert len(set(found)) == 1

    def test_keeps_the_old_key_for_verifying(self, ring: Ring) -> None:
        old = ring.current()
        new = ring.rotate()
        assert ring.current() == new
        kept = ring.find(old.id)
        assert kept is not None
        assert (kept.secret, kept.current) == (old.secret, False)

    def test_finds_a_key_another_process_made(
        self, ring: Ring, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rings, "LOOK_AGAIN", 0.0)
        ring.current()
        new = Ring(ring.name, settings).rotate()
        assert ring.find(new.id) == new

    def test_does_not_ask_the_database_for_every_unknown_key(self, ring: Ring, monkeypatch: pytest.MonkeyPatch) -> None:
        ring.current()
        asked: list[int] = []

        def look() -> dict[UUID, rings.Key]:
            asked.append(1)
            return {}

        monkeypatch.setattr(ring, "_look", look)
        assert [ring.find(ids.new()) for _ in range(50)] == [None] * 50
        assert len(asked) <= 1

    def test_forgets_an_old_key_and_never_the_current_one(self, ring: Ring) -> None:
        old, new = ring.current(), ring.rotate()
        with pytest.raises(NotFound):
            ring.drop(new.id)
        ring.drop(old.id)
        assert [key.id for key in ring.all()] == [new.id]

    def test_is_sealed_in_the_table(self, ring: Ring, settings: Settings) -> None:
        key = ring.current()
        with apart() as session:
            row = session.scalars(select(RingKey).where(RingKey.id == key.id)).one()
        assert key.secret.hex() not in row.secret
        other = settings.model_copy(update={"jwt_secret": SecretStr("another secret, quite as long")})
        vars(other).pop("master_secret", None)  # Worked out once, and copied with the rest.
        with pytest.raises(Unreadable):
            Ring(ring.name, other).current()
