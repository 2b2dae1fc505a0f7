"""What a unit of work begins with: its transaction and its agency, in one round trip."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import _queries
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.actor import system
from core.db import wire
from core.db.session import snapshot, unit_of_work
from core.db.tenancy import acting_as
from core.extensions import db
from core.testing.clients import ApiClient, ok
from core.testing.databases import Server
from core.testing.factories import AgencyUnderTest
from tests.contract.statements import Statements

_SETTING = text("SELECT current_setting('app.agency_id'), current_setting('transaction_isolation')")


def settings() -> tuple[str, str]:
    told, isolation = db.session.execute(_SETTING).one()
    return told, isolation


class TestBeginning:
    def test_is_no_statement_of_its_own(self, acting: AgencyUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
        seen = Statements()
        with unit_of_work(), seen.watching(monkeypatch):
            assert settings() == (str(acting.id), "read committed")
        assert len(seen.others) == 1

    def test_ends_with_the_transaction(self, acting: AgencyUnderTest) -> None:
        with unit_of_work() as work:
            assert settings()[0] == str(acting.id)
            work.discard()
        with acting_as(system(None)), unit_of_work():
            assert settings()[0] == ""

    def test_of_a_snapshot_is_of_its_kind(self, acting: AgencyUnderTest) -> None:
        with snapshot():
            assert settings() == (str(acting.id), "repeatable read")

    def test_of_a_savepoint_says_nothing_again(
        self, acting: AgencyUnderTest, other_agency: AgencyUnderTest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen = Statements()
        with unit_of_work():
            settings()
            with seen.watching(monkeypatch), db.session.begin_nested():
                pass
            assert not [each for each in seen.others if "set_config" in each]
            savepoint = db.session.begin_nested()
            with acting_as(system(other_agency.id)):
                assert settings()[0] == str(other_agency.id)
            savepoint.rollback()
            assert settings()[0] == str(acting.id)

    def test_on_a_connection_that_died_drops_it(self, acting: AgencyUnderTest, database_server: Server) -> None:
        with unit_of_work():
            backend = db.session.scalar(text("SELECT pg_backend_pid()"))
        with psycopg.connect(database_server.superuser_url) as connection:
            connection.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])
        with pytest.raises(DBAPIError) as told, unit_of_work():
            settings()
        assert told.value.connection_invalidated
        with unit_of_work():
            assert settings()[0] == str(acting.id)

    def test_that_is_interrupted_leaves_no_connection_behind(
        self, acting: AgencyUnderTest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interrupted(*_: Any) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(wire, "_results", interrupted)
            with pytest.raises(KeyboardInterrupt), unit_of_work():
                settings()
        with unit_of_work():
            assert settings()[0] == str(acting.id)


class TestStatements:
    def test_of_wide_tables_are_parsed_once(self, api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
        draft = {"contact": {"name": "Ana Silva"}}
        ok(api.post("/leads", draft), 201)
        parsed: list[bytes] = []
        parse = _queries._split_query

        def counted(query: bytes, *args: Any) -> Any:
            parsed.append(query)
            return parse(query, *args)

        monkeypatch.setattr(_queries, "_split_query", counted)
        ok(api.post("/leads", draft), 201)
        assert parsed == []
