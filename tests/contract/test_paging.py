"""Whatever comes, goes and moves between two pages: each row that stays where it is is on exactly one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from psycopg import sql
from sqlalchemy.orm import InstrumentedAttribute

from core import ids
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from tests.contract.calls import Call, Calls
from tests.contract.crowd import Crowd

pytestmark = pytest.mark.slow

ROWS = 40
NEWCOMERS = 20
KEYS = {"contacts_member": "contact_id"}
"""What tells the rows of a list apart where they have no id of their own, by table."""
LARGEST = 200
SHUFFLED = hypothesis_settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


class Others:
    """What everybody else does to the rows of a list, straight in its table."""

    def __init__(self, crowd: Crowd, column: InstrumentedAttribute[Any], *, here: UUID, elsewhere: UUID) -> None:
        self._connection = crowd.connection
        self.key = key_of(column)
        self._table = sql.Identifier(column.class_.__table__.name)
        self._column = sql.Identifier(column.key)
        self._moves = column.property.columns[0].computed is None
        # Those that go meet nobody there, with whom they might share a number.
        self._here, self._elsewhere, self._nowhere = here, elsewhere, ids.new()

    def tie(self, ids: list[str]) -> None:
        """Give several rows the place of one: then the id decides."""
        for row_id, other in zip(ids[1::2], ids[0::2], strict=False):
            self.move(row_id, to=other)

    def come(self, row_id: str) -> None:
        """A row is there that was not."""
        self._settle(row_id, self._here)

    def go(self, row_id: str) -> None:
        """A row is there no more."""
        self._settle(row_id, self._nowhere)

    def move(self, row_id: str, *, to: str) -> None:
        """A row takes another one's place in the order, unless a rule of the table is against it."""
        statement = "UPDATE {t} SET {c} = (SELECT {c} FROM {t} WHERE {k} = %s) WHERE {k} = %s"
        if self._moves:
            try:
                self._run(statement, to, row_id)
            except psycopg.errors.IntegrityError:
                # A number or name of its own: it cannot move there, and then it has not.
                return

    def of_elsewhere(self) -> list[str]:
        """The rows that may come."""
        found = self._run("SELECT {k} FROM {t} WHERE agency_id = %s ORDER BY id LIMIT %s", self._elsewhere, NEWCOMERS)
        return [str(row[0]) for row in found.fetchall()]

    def _settle(self, row_id: str, agency_id: UUID) -> None:
        self._run("UPDATE {t} SET agency_id = %s WHERE {k} = %s", agency_id, row_id)

    def _run(self, statement: Any, *values: Any) -> psycopg.Cursor[Any]:
        named = {"t": self._table, "c": self._column, "k": sql.Identifier(self.key)}
        return self._connection.execute(sql.SQL(statement).format(**named), values)


def key_of(column: InstrumentedAttribute[Any]) -> str:
    """What tells the rows of a list apart that is sorted by a column."""
    return KEYS.get(column.class_.__table__.name, "id")


def walk(api: ApiClient, address: str, key: str, **asked: Any) -> Iterator[list[str]]:
    """The ids of a list, page by page."""
    while True:
        page = ok(api.get(address, query_string=asked))
        yield [row[key] for row in page["items"]]
        if page["next"] is None:
            return
        asked["cursor"] = page["next"]


@pytest.fixture(scope="module")
def agency(make_agency: Callable[..., AgencyUnderTest]) -> AgencyUnderTest:
    return make_agency()


class TestEveryList:
    def test_shows_what_stays_exactly_once(self, calls: Calls, crowd: Crowd, agency: AgencyUnderTest) -> None:
        api = agency.member("owner")
        seen = set()
        for call in calls.lists():
            address = calls.filled(call, api)
            assert call.contract.listing is not None
            listing = call.contract.listing.listing
            # Of an agency that has nothing else, with which a row might share a name.
            elsewhere = ids.new()
            crowd.grow(listing, 2 * ROWS, like=agency.id, agencies=[agency.id, elsewhere], address=address)
            for sort, column in listing.sorts.items():
                others = Others(crowd, column, here=agency.id, elsewhere=elsewhere)
                for direction in ("", "-"):
                    self._holds(call, api, address, others, f"{direction}{sort}")
                    seen.add((call.operation, sort, direction))
        assert len(seen) > 60

    def _holds(self, call: Call, api: ApiClient, address: str, others: Others, sort: str) -> None:
        every = [row_id for page in walk(api, address, others.key, sort=sort, limit=LARGEST) for row_id in page]
        assert len(every) >= ROWS, f"{call} shows {len(every)} of its rows"
        others.tie(every[:12])
        happenings = st.lists(
            st.lists(st.tuples(st.sampled_from(["come", "go", "move"]), st.integers(0, 10**6)), max_size=4),
            min_size=3,
            max_size=12,
        )

        @SHUFFLED
        @given(happenings=happenings, limit=st.integers(3, 17))
        def holds(happenings: list[list[tuple[str, int]]], limit: int) -> None:
            there = [row_id for page in walk(api, address, others.key, sort=sort, limit=LARGEST) for row_id in page]
            newcomers, restless, gone = others.of_elsewhere(), set[str](), list[str]()
            pages = walk(api, address, others.key, sort=sort, limit=limit)
            found = []
            for happening in happenings:
                found += next(pages, [])
                for what, which in happening:
                    row_id, place = there[which % len(there)], there[which // 7 % len(there)]
                    if what == "come" and newcomers:
                        others.come(newcomers.pop())
                    elif row_id in gone or place in gone:
                        continue
                    elif what == "move":
                        restless.add(row_id)
                        others.move(row_id, to=place)
                    elif what == "go" and len(gone) < NEWCOMERS // 2:
                        restless.add(row_id)
                        gone.append(row_id)
                        others.go(row_id)
            found += [row_id for page in pages for row_id in page]
            stayed = [row_id for row_id in found if row_id in set(there) - restless]
            assert stayed == [row_id for row_id in there if row_id not in restless], f"{call}?sort={sort}&limit={limit}"
            for row_id in gone:
                others.come(row_id)

        holds()
