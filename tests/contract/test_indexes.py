"""Every filter, sort and search of every list reaches an index, as the application's role under row-level security."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, get_args, get_origin
from uuid import UUID

import psycopg
import pytest

from core import ids
from core.config import Settings
from core.db.query import Filter, Operator
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from tests.contract.calls import Call, Calls
from tests.contract.crowd import Crowd, table_of
from tests.contract.statements import Statements

pytestmark = pytest.mark.slow

AGENCIES = 16
ROWS = 100_000
SMALL = 1_000
"""Tables this small are read whole, whatever indexes there are."""
PLANS = ("force_custom_plan", "force_generic_plan")
PASSED_OVER = ROWS // AGENCIES // 2
"""Rows that a scan may read in vain: half of those of an agency, and not nearly all of them for a page."""


class Explainer:
    """Explains statements as the application's role, acting in an agency."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        rows = connection.execute("SELECT relname, reltuples FROM pg_class WHERE relkind = 'r'").fetchall()
        self.large = {name for name, tuples in rows if tuples > SMALL}

    def scanned(self, statement: bytes, values: list[Any], agency_id: UUID, plan: str) -> set[str]:
        """The large tables a statement reads from one end to the other."""
        with self.connection.transaction(), psycopg.RawCursor(self.connection) as cursor:
            cursor.execute("SELECT set_config('app.agency_id', $1, true)", [str(agency_id)])
            cursor.execute(f"SET LOCAL plan_cache_mode = {plan}")
            if plan == "force_generic_plan":
                cursor.execute(b"EXPLAIN (FORMAT JSON, GENERIC_PLAN) " + statement, prepare=False)
            else:
                cursor.execute(b"EXPLAIN (FORMAT JSON) " + statement, values, prepare=False)
            answer = cursor.fetchone()
        assert answer is not None
        return {
            node["Relation Name"]
            for node in nodes(answer[0][0]["Plan"])
            if node["Node Type"] == "Seq Scan" and node["Relation Name"] in self.large
        }

    def passed_over(self, statement: bytes, values: list[Any], agency_id: UUID) -> dict[str, int]:
        """How many rows of each table a statement read in vain as it ran, where those are many."""
        with self.connection.transaction(), psycopg.RawCursor(self.connection) as cursor:
            cursor.execute("SELECT set_config('app.agency_id', $1, true)", [str(agency_id)])
            cursor.execute(b"EXPLAIN (ANALYZE, FORMAT JSON) " + statement, values, prepare=False)
            answer = cursor.fetchone()
        assert answer is not None
        found = {}
        for node in nodes(answer[0][0]["Plan"]):
            in_vain = node.get("Rows Removed by Filter", 0) * node["Actual Loops"]
            if in_vain > PASSED_OVER and "Relation Name" in node:
                found[node["Relation Name"]] = round(in_vain)
        return found


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A node of a plan and all below it."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def asked(declared: Filter, operator: Operator) -> str:
    """A value that a filter takes, as it is written in an address."""
    kind = declared.type_for(operator)
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) is Literal:
        return str(get_args(kind)[0])
    wanted = {
        UUID: str(ids.new()),
        bool: "true",
        int: "3",
        date: "2027-05-14",
        datetime: datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return wanted.get(kind, "something")


def questions(call: Call) -> Iterator[str]:
    """Every filter, sort and search alone, and equality with every sort."""
    assert call.contract.listing is not None
    listing = call.contract.listing.listing
    sorts = [direction + name for name in listing.sorts for direction in ("", "-")]
    yield ""
    for sort in sorts:
        yield f"sort={sort}"
    for name, (declared, operator) in call.contract.listing.filters.items():
        value = asked(declared, operator)
        value = f"{value},{asked(declared, operator)}" if operator is Operator.IN else value
        yield f"{name}={value}"
        for sort in sorts if operator is Operator.EQ else ():
            yield f"{name}={value}&sort={sort}"
    if listing.search:
        yield "q=word1"
        yield "q=word1 word2"
        yield "q=word1&count=exact"
        # Found by one slip of the finger alone, so that the page has room for them; and in another script.
        yield "q=wrod123"
        yield "q=wrod123 wodr124&count=exact"
        yield "q=слово wrod123"
        for sort in sorts:
            yield f"q=word12&sort={sort}"


def searches(call: Call) -> Iterator[str]:
    """What few rows answer: a word, one with a slip, both, and none."""
    assert call.contract.listing is not None
    if call.contract.listing.listing.search:
        yield from ("q=word123", "q=wrod123", "q=word123 wrod124", "q=nothing", "q=wrod123&count=exact")


@pytest.fixture(scope="module")
def agency(make_agency: Callable[..., AgencyUnderTest]) -> AgencyUnderTest:
    return make_agency()


@pytest.fixture(scope="module")
def addresses(
    calls: Calls, agency: AgencyUnderTest, crowd: Crowd, make_agency: Callable[..., AgencyUnderTest]
) -> dict[Call, str]:
    """The address of every list, with a hundred thousand rows over sixteen agencies behind it."""
    api = agency.member("owner")
    everybody = [agency.id, *(make_agency().id for _ in range(AGENCIES - 1))]
    found = {call: calls.filled(call, api) for call in calls.lists()}
    for call, address in found.items():
        assert call.contract.listing is not None
        listing = call.contract.listing.listing
        crowd.grow(listing, ROWS, like=agency.id, agencies=everybody, address=address)
    crowd.analyze()
    return found


@pytest.fixture(scope="module")
def explainer(settings: Settings, addresses: dict[Call, str]) -> Iterator[Explainer]:
    assert settings.database_url is not None
    with psycopg.connect(settings.database_url.get_secret_value(), autocommit=True) as connection:
        yield Explainer(connection)


def asking(api: ApiClient, address: str, question: str, statements: Statements) -> list[tuple[bytes, list[Any]]]:
    """The statements a question makes, and those that continue it on the next page."""
    statements.clear()
    page = ok(api.get(f"{address}?{question}"))
    if page["next"]:
        ok(api.get(f"{address}?{question}&cursor={page['next']}"))
    return list(statements.reads)


class TestLists:
    def test_no_question_reads_a_whole_table(
        self,
        calls: Calls,
        agency: AgencyUnderTest,
        addresses: dict[Call, str],
        explainer: Explainer,
        statements: Statements,
    ) -> None:
        api = agency.member("owner")
        problems = []
        for call in calls.lists():
            for question in questions(call):
                for statement, values in asking(api, addresses[call], question, statements):
                    scanned = {
                        table for plan in PLANS for table in explainer.scanned(statement, values, agency.id, plan)
                    }
                    if scanned:
                        problems.append(f"GET {call.rule}?{question} reads all of {', '.join(sorted(scanned))}")
        assert not problems, "\n" + "\n".join(problems)

    def test_no_search_reads_most_of_an_agency_in_vain(
        self,
        calls: Calls,
        agency: AgencyUnderTest,
        addresses: dict[Call, str],
        explainer: Explainer,
        statements: Statements,
    ) -> None:
        api, asked_for = agency.member("owner"), 0
        problems = []
        for call in calls.lists():
            for question in searches(call):
                for statement, values in asking(api, addresses[call], question, statements):
                    asked_for += 1
                    for table, rows in explainer.passed_over(statement, values, agency.id).items():
                        problems.append(f"GET {call.rule}?{question} passes over {rows} rows of {table}")
        assert asked_for >= 20
        assert not problems, "\n" + "\n".join(problems)

    def test_the_tables_are_large(self, calls: Calls, addresses: dict[Call, str], explainer: Explainer) -> None:
        """What the explanations stand on."""
        for call in calls.lists():
            assert call.contract.listing is not None
            assert table_of(call.contract.listing.listing).name in explainer.large

    def test_a_missing_index_shows(self, explainer: Explainer, agency: AgencyUnderTest) -> None:
        for plan in PLANS:
            unindexed = b"SELECT id FROM core_user WHERE name = 'Ana'"
            assert explainer.scanned(unindexed, [], agency.id, plan) == {"core_user"}
