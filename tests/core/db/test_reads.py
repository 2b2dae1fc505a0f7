"""The read engine: values survive the wire, and a connection survives whatever happens on it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import ARRAY, BigInteger, Boolean, Date, DateTime, Double, Numeric, Text, Uuid, bindparam, cast, func
from sqlalchemy import select as sql_select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from core.config import Settings
from core.db import read
from core.db.read import Query
from core.db.session import unit_of_work
from core.db.tenancy import NoAgency
from core.db.types import money
from core.extensions import db
from core.http import database_errors
from core.http.application import Application
from core.money import Money
from core.roles.models import Role
from core.testing.databases import Server
from core.testing.factories import AgencyUnderTest


def echo(kind: TypeEngine[Any], name: str = "value") -> Query[Any]:
    """A statement that answers with what it is given."""
    return Query(sql_select(cast(bindparam(name, type_=kind), kind)), lambda value: value)


ECHOES: dict[str, Query[Any]] = {
    "text": echo(Text()),
    "uuid": echo(Uuid()),
    "instant": echo(DateTime(timezone=True)),
    "date": echo(Date()),
    "numeric": echo(Numeric()),
    "integer": echo(BigInteger()),
    "double": echo(Double()),
    "boolean": echo(Boolean()),
    "json": echo(JSONB()),
    "texts": echo(ARRAY(Text())),
    "uuids": echo(ARRAY(Uuid())),
}
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": TEXT,
    "uuid": st.uuids(),
    "instant": st.datetimes(timezones=st.just(UTC)),
    "date": st.dates(),
    "numeric": st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**15), max_value=10**15),
    "integer": st.integers(-(2**63), 2**63 - 1),
    "double": st.floats(allow_nan=False),
    "boolean": st.booleans(),
    "json": JSON_VALUES.filter(lambda value: value is not None),
    "texts": st.lists(TEXT, max_size=5),
    "uuids": st.lists(st.uuids(), max_size=5),
}
SLEEP = Query(sql_select(func.pg_sleep(bindparam("seconds", type_=Double()))), lambda _: "awake")
QUOTIENT = Query(sql_select(cast(10, BigInteger) // bindparam("by", type_=BigInteger())), lambda value: value)
BACKEND = Query(sql_select(func.pg_backend_pid(type_=BigInteger())), int)
SETTING = Query(sql_select(func.current_setting("app.agency_id", type_=Text())), str)


@contextmanager
def reading(app: Application, settings: Settings, **changes: Any) -> Iterator[None]:
    """A reader with other settings in the place of the application's."""
    assert settings.database_url is not None
    usual = app.extensions["tripfile.readers"]["app"]
    other = read.Reader(settings.database_url.get_secret_value(), settings.model_copy(update=changes))
    app.extensions["tripfile.readers"]["app"] = other
    try:
        yield
    finally:
        other.close()
        app.extensions["tripfile.readers"]["app"] = usual


@pytest.fixture
def reader(app: Application, settings: Settings, acting: AgencyUnderTest) -> Iterator[None]:
    """A single connection, so that every read meets the one before."""
    with reading(app, settings, database_pool_size=1):
        yield


def terminate(server: Server, pid: int) -> None:
    with psycopg.connect(server.superuser_url, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


class TestValues:
    @pytest.mark.parametrize("kind", ECHOES)
    def test_any_value_comes_back_as_it_was(self, acting: AgencyUnderTest, kind: str) -> None:
        @hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(VALUES[kind])
        def survives(value: Any) -> None:
            assert ECHOES[kind].rows(value=value) == [value]

        survives()

    @pytest.mark.parametrize("kind", ECHOES)
    def test_nothing_comes_back_as_nothing(self, acting: AgencyUnderTest, kind: str) -> None:
        # JSON has a null of its own, which is None as well.
        assert ECHOES[kind].rows(value=None) == [None]

    @pytest.mark.parametrize("kind", ECHOES)
    def test_inside_a_unit_of_work_values_are_the_same(self, acting: AgencyUnderTest, kind: str) -> None:
        @hypothesis_settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(VALUES[kind])
        def agree(value: Any) -> None:
            outside = ECHOES[kind].rows(value=value)
            with unit_of_work():
                db.session.connection()
                assert ECHOES[kind].rows(value=value) == outside

        agree()

    def test_instants_have_a_zone_and_money_its_places(self, acting: AgencyUnderTest) -> None:
        (instant,) = ECHOES["instant"].rows(value=datetime(2027, 5, 14, 9, 30, tzinfo=UTC))
        assert instant.utcoffset() is not None
        amount = money(cast(bindparam("minor", type_=BigInteger()), BigInteger), "KWD")
        assert read.Query(sql_select(amount), lambda found: found).rows(minor=1500) == [Money(Decimal("1.500"), "KWD")]


class TestFailures:
    def test_a_statement_that_fails_at_first_works_afterwards(self, reader: None) -> None:
        for _ in range(3):
            with pytest.raises(psycopg.errors.DivisionByZero):
                QUOTIENT.rows(by=0)
            assert QUOTIENT.rows(by=5) == [2]

    def test_a_statement_that_worked_works_after_a_failure(self, reader: None) -> None:
        assert QUOTIENT.rows(by=5) == [2]
        with pytest.raises(psycopg.errors.DivisionByZero):
            QUOTIENT.rows(by=0)
        assert QUOTIENT.rows(by=2) == [5]

    def test_the_connection_stays_the_same_after_an_error(self, reader: None) -> None:
        (before,) = BACKEND.rows()
        with pytest.raises(psycopg.errors.DivisionByZero):
            QUOTIENT.rows(by=0)
        assert BACKEND.rows() == [before]

    def test_a_plan_whose_answer_changed_is_made_anew(self, reader: None, database_server: Server, app: Any) -> None:
        column = Query(sql_select(Role.name), str)
        before = sorted(column.rows())
        owner = app.settings.database_owner_url.get_secret_value()
        for kind in ("varchar(500)", "text"):
            with psycopg.connect(owner) as connection:
                connection.execute(f"ALTER TABLE core_role ALTER COLUMN name TYPE {kind}")
            assert sorted(column.rows()) == before

    def test_without_an_agency_nothing_is_read(self, app: Application) -> None:
        with app.app_context(), pytest.raises(NoAgency):
            BACKEND.rows()


class TestDeadConnections:
    def test_a_connection_that_died_in_the_pool_is_replaced(self, reader: None, database_server: Server) -> None:
        (before,) = BACKEND.rows()
        terminate(database_server, before)
        (after,) = BACKEND.rows()
        assert after != before

    def test_a_read_that_dies_half_way_is_run_once_more(self, reader: None, database_server: Server) -> None:
        (pid,) = BACKEND.rows()
        killer = threading.Timer(0.2, terminate, [database_server, pid])
        killer.start()
        assert SLEEP.rows(seconds=0.5) == ["awake"]
        killer.join()
        assert BACKEND.rows() != [pid]

    def test_a_request_survives_a_restart_of_every_connection(
        self, app: Application, agency: AgencyUnderTest, database_server: Server
    ) -> None:
        api = agency.member("owner")
        assert api.get("/roles").status_code == 200
        kill = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename LIKE 'tripfile_%%'"
        with psycopg.connect(database_server.superuser_url, autocommit=True) as connection:
            connection.execute(kill)
        assert api.get("/roles").status_code == 200
        with app.app_context():
            db.engine.dispose()


class TestTimeouts:
    @pytest.fixture
    def hasty(self, app: Application, settings: Settings, acting: AgencyUnderTest) -> Iterator[None]:
        with reading(app, settings, database_pool_size=1, database_statement_timeout=timedelta(milliseconds=200)):
            yield

    def test_a_slow_statement_is_cancelled_and_told_as_unavailable(self, hasty: None) -> None:
        with pytest.raises(psycopg.errors.QueryCanceled) as caught:
            SLEEP.rows(seconds=20)
        problem = database_errors.problem_of(caught.value)
        assert problem is not None
        assert problem.status == 503
        assert SLEEP.rows(seconds=0) == ["awake"]

    def test_waiting_for_a_connection_ends_once_not_twice(self, hasty: None, inside: Callable[..., Any]) -> None:
        assert SLEEP.rows(seconds=0) == ["awake"]
        pool = read.reader("app")._pool
        with pool.connection(), pytest.raises(psycopg.OperationalError) as caught:
            BACKEND.rows()
        assert pool.get_stats()["requests_errors"] == 1
        assert not database_errors.is_dead_connection(caught.value)
        problem = database_errors.problem_of(caught.value)
        assert problem is not None
        assert problem.status == 503


class TestAgencies:
    def test_a_prepared_plan_serves_one_agency_after_the_other(
        self, reader: None, inside: Callable[..., Any], acting: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        rows = Query(sql_select(Role.agency_id).distinct(), lambda agency_id: agency_id)
        for agency_id in (acting.id, other_agency.id) * 8:
            with inside(agency_id):
                assert rows.rows() == [agency_id]

    def test_the_setting_ends_with_the_read(self, reader: None, acting: AgencyUnderTest) -> None:
        assert SETTING.rows() == [str(acting.id)]
        with read.reader("app")._pool.connection() as connection:
            found = connection.execute("SELECT current_setting('app.agency_id', true)").fetchone()
            assert found == ("",)
            assert connection.execute("SELECT count(*) FROM core_role").fetchone() == (0,)

    def test_the_setting_ends_with_a_read_that_failed(self, reader: None, acting: AgencyUnderTest) -> None:
        with pytest.raises(psycopg.errors.DivisionByZero):
            QUOTIENT.rows(by=0)
        with read.reader("app")._pool.connection() as connection:
            assert connection.execute("SELECT current_setting('app.agency_id', true)").fetchone() == ("",)
