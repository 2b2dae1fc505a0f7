"""What the security tests share: every route, and a fingerprint of everything that is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from core.config import Settings
from core.http.application import Application
from core.testing.clients import ApiClient
from core.testing.factories import AgencyUnderTest
from tests.contract.calls import Call, Calls

Fingerprint = Callable[[], dict[str, tuple[int, int]]]
Written = list[tuple[Call, str, Any]]


@pytest.fixture(scope="module")
def calls(app: Application) -> Calls:
    """Every route of every enabled plugin."""
    return Calls(app)


@pytest.fixture(scope="module")
def stored(settings: Settings) -> Iterator[Fingerprint]:
    """Rows of every table, as their number and a sum of their hashes: any insert, update or delete changes it."""
    assert settings.database_owner_url is not None
    # The owner's row policies let it see every agency.
    with psycopg.connect(settings.database_owner_url.get_secret_value(), autocommit=True) as connection:
        tables = [
            row[0]
            for row in connection.execute(
                "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1"
            )
        ]
        parts = [
            sql.SQL("select {}, count(*), coalesce(sum(hashtext(t::text)), 0) from {} t").format(
                sql.Literal(table), sql.Identifier(table)
            )
            for table in tables
        ]
        statement = sql.SQL(" union all ").join(parts)
        yield lambda: {row[0]: (row[1], int(row[2])) for row in connection.execute(statement)}


@pytest.fixture(scope="module")
def house(make_agency: Callable[..., AgencyUnderTest]) -> AgencyUnderTest:
    """One agency for the whole zoo."""
    return make_agency()


@pytest.fixture(scope="module")
def owner(house: AgencyUnderTest) -> ApiClient:
    """And one owner."""
    return house.member("owner")


@pytest.fixture(scope="module")
def written(calls: Calls, owner: ApiClient, places: dict[Call, str]) -> Written:
    """Every route that takes a body, with its address and a good body."""
    writing = [call for call in calls.every if call.contract.body is not None]
    assert writing
    return [(call, places[call], calls.body(call, owner)) for call in writing]


@pytest.fixture(scope="module")
def places(calls: Calls, owner: ApiClient) -> dict[Call, str]:
    """The address of every route, with rows where its parameters point."""
    return {call: calls.prepare(call, owner) for call in calls.every}
