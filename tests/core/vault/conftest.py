"""A database with travellers, and whoever holds a copy of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from core.actor import system
from core.config import Settings
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.http.application import Application
from tests.core.vault.travellers import STATEMENTS

Within: TypeAlias = Callable[[UUID], Any]


@pytest.fixture(scope="module")
def owner(settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    """The owner's connection, on which row-level security is off: whoever has stolen the disks."""
    assert settings.database_owner_url is not None
    with psycopg.connect(settings.database_owner_url.get_secret_value(), autocommit=True) as connection:
        connection.execute(STATEMENTS)
        yield connection


@pytest.fixture
def within(app: Application, owner: psycopg.Connection[Any]) -> Within:
    """A unit of work of its own as the system in an agency; it really commits."""

    @contextmanager
    def enter(agency_id: UUID) -> Iterator[None]:
        with app.app_context(), unit_of_work(), acting_as(system(agency_id)):
            yield

    return enter


@pytest.fixture
def dump(owner: psycopg.Connection[Any]) -> Callable[[], str]:
    """The whole database as text."""

    def read() -> str:
        tables = owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        found = []
        for (name,) in tables:
            # The owner has a policy of its own on the product's tables; this one is the test's.
            if name == "test_traveller":
                owner.execute("ALTER TABLE test_traveller NO FORCE ROW LEVEL SECURITY")
            statement = sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(name))
            found += [row for (row,) in owner.execute(statement).fetchall()]
        return "\n".join(found)

    return read
