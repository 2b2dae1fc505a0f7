"""Migrations of several owners: one lock, one transaction, and nobody touches another's tables."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

import pytest
from pydantic import SecretStr
from sqlalchemy import BigInteger, Column, DateTime, MetaData, Table, Text, Uuid, create_engine, inspect, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from core.config import ConfigurationError, Settings
from core.db import migrate
from core.db.autogenerate import owner_of_table
from core.db.base import Model, Owned
from core.db.ownership import ENVIRONMENT, Owner, connect, installed_owners, roles
from core.plugins import manager
from core.testing import schema
from core.testing.databases import Server

CORE = Owner("core", ENVIRONMENT / "versions")

MIGRATION = '''
"""Notes."""
import sqlalchemy as sa
from core.sdk.migrations import drop_owned_table, owned_table

revision = "0001"
down_revision = None

def upgrade():
    owned_table("{table}", sa.Column("body", sa.Text(), nullable=False), system="select")

def downgrade():
    drop_owned_table("{table}")
'''


@pytest.fixture
def empty(database_server: Server) -> Iterator[Settings]:
    with schema.scratch(database_server) as settings:
        yield settings


def owner(folder: Path, name: str, *, migration: str = "") -> Owner:
    versions = folder / name
    versions.mkdir()
    (versions / "0001_notes.py").write_text(migration or MIGRATION.format(table=f"{name}_note"))
    return Owner(name, versions)


def tables(settings: Settings) -> set[str]:
    with connect(settings, lock=False) as connection:
        return set(inspect(connection).get_table_names())


class TestUpgrade:
    def test_a_failing_migration_undoes_those_of_every_owner(self, empty: Settings, tmp_path: Path) -> None:
        broken = owner(
            tmp_path, "visas", migration=MIGRATION.format(table="visas_note").replace("sa.Text()", "sa.Oops()")
        )
        with pytest.raises(AttributeError), connect(empty) as connection:
            migrate.run_upgrade(connection, empty, [CORE, broken])
        assert tables(empty) == set()

    def test_two_at_once_do_the_work_once(self, empty: Settings) -> None:
        plugins = manager.load(empty)
        steps: list[list[migrate.Revision]] = []
        both = [threading.Thread(target=lambda: steps.append(migrate.upgrade(empty, plugins))) for _ in range(2)]
        for each in both:
            each.start()
        for each in both:
            each.join()
        assert sorted(bool(done) for done in steps) == [False, True]
        assert not any(status.pending for status in migrate.current(empty, plugins))
        assert migrate.check(empty, plugins) == []

    def test_one_role_for_everything_is_refused(self, empty: Settings) -> None:
        careless = empty.model_copy(update={"database_owner_url": None, "database_system_url": None})
        with pytest.raises(ConfigurationError, match="must name three different roles"):
            roles(careless)

    def test_a_poolers_user_name_is_cut_to_the_role(self, empty: Settings) -> None:
        pooled = {
            f"database_{part}url": SecretStr(f"postgresql://{name}.abcdef:pw@pooler.example.com/postgres")
            for part, name in (("", "tripfile_app"), ("owner_", "tripfile_owner"), ("system_", "tripfile_system"))
        }
        assert roles(empty.model_copy(update=pooled)) == ("tripfile_app", "tripfile_system")


class TestEventsOfLongAgo:
    def test_they_are_numbered_as_they_happened_and_keep_all_else(self, empty: Settings) -> None:
        agencies = uuid4(), uuid4()
        with connect(empty) as connection:
            migrate.run_upgrade(connection, empty, [CORE])
            migrate.run_downgrade(connection, empty, CORE, "0001")
            for agency in agencies:
                connection.execute(text(AGENCY), {"id": agency, "slug": str(agency)})
                for minute in (2, 0, 1):
                    connection.execute(text(EVENT), {"id": uuid4(), "agency": agency, "minute": minute})
            before = connection.execute(text(EVENTS)).all()
            for _ in range(2):
                migrate.run_upgrade(connection, empty, [CORE])
                numbered = connection.execute(text("SELECT payload, seq FROM core_event")).all()
                assert [seq - payload["minute"] for payload, seq in numbered] == [1] * 6
                heads = connection.execute(text("SELECT agency_id, scope, seq FROM core_stream_head")).all()
                assert sorted(heads) == sorted((agency, "events", 3) for agency in agencies)
                assert migrate.run_check(connection, empty, [CORE]) == []
                migrate.run_downgrade(connection, empty, CORE, "0001")
                assert connection.execute(text(EVENTS)).all() == before


class TestOwnedTable:
    def test_the_application_meets_one_agency_and_the_owner_and_the_system_all(
        self, empty: Settings, tmp_path: Path
    ) -> None:
        mine, other = uuid4(), uuid4()
        with connect(empty) as connection:
            migrate.run_upgrade(connection, empty, [CORE, owner(tmp_path, "visas")])
            for agency in (mine, other):
                connection.execute(text(AGENCY), {"id": agency, "slug": str(agency)})
                connection.execute(text(NOTE), {"id": uuid4(), "agency": agency})
            assert connection.scalar(text(COUNT)) == 2
        assert empty.database_url
        assert empty.database_system_url
        assert count(empty.database_url, agency=mine) == 1
        assert count(empty.database_url) == 0
        assert count(empty.database_system_url) == 2
        with pytest.raises(ProgrammingError, match="row-level security"):
            write(empty.database_url, acting=mine, agency=other)


AGENCY = """
INSERT INTO core_agency (id, slug, name, currency, zone, language, version, created_at, updated_at)
VALUES (:id, :slug, 'Sunrise', 'EUR', 'UTC', 'en', 1, now(), now())
"""
EVENT = """
INSERT INTO core_event (id, agency_id, name, schema_version, occurred_at, subject, subject_id, actor_kind, payload)
VALUES (:id, :agency, 'leads.lead_won', 1, timestamptz '2026-03-01 08:00Z' + :minute * interval '1 minute',
        'leads.lead', :id, 'system', jsonb_build_object('minute', CAST(:minute AS integer)))
"""
EVENTS = "SELECT * FROM core_event ORDER BY id"
NOTE = """
INSERT INTO visas_note (id, agency_id, body, version, created_at, updated_at)
VALUES (:id, :agency, 'Ask', 1, now(), now())
"""
COUNT = "SELECT count(*) FROM visas_note"
ACT = "SELECT set_config('app.agency_id', :agency, true)"


def count(url: SecretStr, *, agency: object = "") -> int:
    engine = create_engine(url.get_secret_value().replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.execute(text(ACT), {"agency": str(agency)})
        found: int = connection.scalar(text(COUNT)) or 0
    engine.dispose()
    return found


def write(url: SecretStr, *, acting: object, agency: object) -> None:
    engine = create_engine(url.get_secret_value().replace("postgresql:", "postgresql+psycopg:"))
    try:
        with engine.begin() as connection:
            connection.execute(text(ACT), {"agency": str(acting)})
            connection.execute(text(NOTE), {"id": uuid4(), "agency": agency})
    finally:
        engine.dispose()


class TestOwners:
    def test_the_longest_prefix_owns_a_table(self) -> None:
        assert owner_of_table("ai_tools_call", ["ai", "ai_tools"]) == "ai_tools"
        assert owner_of_table("ai_tools_call", ["ai"]) == "ai"
        assert owner_of_table("leads_lead", ["ai"]) is None

    def test_tables_of_a_plugin_that_is_not_enabled_are_left_alone(self, empty: Settings, tmp_path: Path) -> None:
        ai, tools = owner(tmp_path, "ai"), owner(tmp_path, "ai_tools")
        with connect(empty) as connection:
            migrate.run_upgrade(connection, empty, [CORE, ai, tools])
            differences = migrate.run_check(connection, empty, [ai], metadata=MetaData())
            assert installed_owners(connection) == {"core", "ai", "ai_tools"}
        assert differences == ["ai: remove table ai_note"]

    def test_going_back_to_the_base_leaves_nothing(self, empty: Settings, tmp_path: Path) -> None:
        visas = owner(tmp_path, "visas")
        with connect(empty) as connection:
            migrate.run_upgrade(connection, empty, [CORE, visas])
            migrate.run_downgrade(connection, empty, visas, "base")
        assert not {table for table in tables(empty) if table.startswith("visas")}


class Sample(DeclarativeBase):
    metadata = MetaData(naming_convention=Model.metadata.naming_convention)
    type_annotation_map: ClassVar[dict[Any, Any]] = {int: BigInteger(), datetime: DateTime(timezone=True)}


class Note(Owned, Sample):
    __tablename__ = "visas_note"

    body: Mapped[str] = mapped_column(Text)


class Rule(Owned, Sample):
    __tablename__ = "visas_rule"

    body: Mapped[str] = mapped_column(Text)


Table("core_agency", Sample.metadata, Column("id", Uuid, primary_key=True))


class TestRevision:
    def test_it_is_numbered_and_written_as_an_owned_table(self, empty: Settings, tmp_path: Path) -> None:
        visas = owner(tmp_path, "visas")
        with connect(empty) as connection:
            migrate.run_upgrade(connection, empty, [CORE, visas])
            written = migrate.run_revision(connection, empty, visas, "Add rules", metadata=Sample.metadata)
            assert written.name == "0002_add_rules.py"
            assert "migrations.owned_table('visas_rule'" in written.read_text()
            assert "agency_id" not in written.read_text()
            migrate.run_upgrade(connection, empty, [visas])
            assert inspect(connection).has_table("visas_rule")
