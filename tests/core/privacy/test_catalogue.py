"""The catalogue: every column that can hold words says whether it holds something about a person."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Enum,
    Float,
    ForeignKey,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    Time,
    Unicode,
    Uuid,
)
from sqlalchemy.dialects.postgresql import INET, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeEngine

import core
from core.db.base import Model
from core.db.personal import (
    NOT_PERSONAL,
    SECRET,
    Category,
    Code,
    Day,
    Number,
    category_of,
    is_redacted,
    personal,
    place_of,
    user_of,
)
from core.db.types import StructJSON
from core.events import fields
from core.events.event import declared
from core.http.application import Application
from core.plugins import hooks
from core.plugins.manager import Plugins
from core.privacy import catalogue, own_rows
from core.testing import disclosure
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from core.vault.columns import Ciphertext

ROOT = Path(core.__file__).parents[1]


@pytest.fixture
def plugins(app: Application) -> Plugins:
    found: Plugins = app.extensions["tripfile.plugins"]
    return found


class TestColumns:
    def test_of_every_table_say_what_they_hold(self, plugins: Plugins) -> None:
        assert catalogue.untold(list(Model.metadata.sorted_tables)) == []

    def test_that_do_not_say_are_found_and_stay_out_of_events(self) -> None:
        """Whatever its type: ids, instants, yes or no, and references to numbered rows alone say nothing."""
        silent: list[TypeEngine[Any]] = [
            Text(), String(50), Unicode(), JSON(), JSONB(), StructJSON(list[str]), LargeBinary(), ARRAY(Text()),
            Enum("m", "f", name="sex"), INET(), Date(), Time(), Interval(), Integer(), BigInteger(), Numeric(), Float(),
        ]  # fmt: skip
        names = [f"c{number}" for number, _ in enumerate(silent)]
        metadata = MetaData()
        Table("kind", metadata, Column("number", Integer(), primary_key=True))
        table = Table(
            "loose", metadata, *(Column(name, kind) for name, kind in zip(names, silent, strict=True)),
            Column("id", Uuid()), Column("at", DateTime(timezone=True)), Column("yes", Boolean()),
            Column("kind", Integer(), ForeignKey("kind.number")), Column("told", Text(), info=personal("name")),
            Column("count", Integer(), info=NOT_PERSONAL), Column("digest", Text(), info=SECRET),
        )  # fmt: skip
        assert catalogue.untold([table]) == [f"loose.{name}" for name in names]
        assert [column.name for column in table.columns if is_redacted(column)] == [*names, "told", "digest"]

    def test_annotated_as_not_personal_are_copied_into_events(self) -> None:
        class Elsewhere(DeclarativeBase):
            type_annotation_map = Model.registry.type_annotation_map

        class Sight(Elsewhere):
            __tablename__ = "sight"
            id: Mapped[UUID] = mapped_column(primary_key=True)
            state: Mapped[Code]
            nights: Mapped[Number | None]
            opens: Mapped[Day]
            born: Mapped[date | None] = mapped_column(info=personal("identity"))

        table = Elsewhere.metadata.tables[Sight.__tablename__]
        assert catalogue.untold([table]) == []
        assert [column.name for column in table.columns if is_redacted(column)] == ["born"]

    def test_that_are_personal_can_be_emptied(self, plugins: Plugins) -> None:
        table = Table(
            "visas", MetaData(), Column("born", Date(), nullable=False, info=personal("identity")),
            Column("died", Date(), info=personal("identity")),
            Column("sex", Enum("m", "f", name="sex"), nullable=False, info=personal("identity")),
            Column("name", String(50), nullable=False, info=personal("name")),
        )  # fmt: skip
        assert catalogue.lasting([table]) == ["visas.born", "visas.sex"]
        assert catalogue.lasting(list(Model.metadata.sorted_tables)) == []

    def test_of_special_and_financial_data_are_encrypted(self, plugins: Plugins) -> None:
        sensitive = [
            column
            for table in Model.metadata.sorted_tables
            for column in table.columns
            if category_of(column) in {Category.SPECIAL, Category.FINANCIAL}
        ]
        assert "leads_lead.restrictions" in map(str, sensitive)
        assert [str(column) for column in sensitive if not isinstance(column.type, Ciphertext)] == []

    def test_of_the_core_say_which_colleague_they_are_about(self, plugins: Plugins) -> None:
        nobodys = {
            "core_file.name",  # It is about whoever the row is about that points at the file.
            "core_allow_list.networks",  # The agency's own networks.
            "core_legal_hold.reason",  # Its row names the person, colleague or client.
            # About whoever the row is about that they are values of.
            *(f"core_custom_value.{name}" for name in ("text_value", "number_value", "day_value")),
        }
        said = {
            str(column): user_of(column)
            for table in own_rows.tables()
            for column in table.columns
            if category_of(column) not in {None, Category.COPY}
        }
        assert {name for name, user in said.items() if user is None} == nobodys

    def test_of_kinds_that_are_no_kinds_are_refused(self) -> None:
        with pytest.raises(ValueError, match="gossip"):
            personal("gossip")

    def test_that_core_sealing_writes_are_sealed_anew_with_each_key(self, plugins: Plugins) -> None:
        """Whatever `<table>.<column>` stands beside a call that seals is declared with `info=sealed()`."""
        declared = {place.column for table in Model.metadata.sorted_tables for column in table.columns
                    if (place := place_of(column)) is not None}  # fmt: skip
        tables = Model.metadata.sorted_tables
        named = set()
        for folder in ("core", "plugins"):
            for file in (ROOT / folder).rglob("*.py"):
                text = file.read_text()
                if "sealing" in text:
                    named |= set(re.findall(r'"([a-z_]+\.[a-z_]+)"', text))
        columns = {f"{table.name}.{column.name}" for table in tables for column in table.columns}
        used = named & columns
        assert used
        assert used <= declared


class TestPlugins:
    def test_that_hold_something_hand_it_out_and_erase_it(self, plugins: Plugins) -> None:
        for name, plugin in plugins.optional.items():
            assert disclosure.problems(name, plugin) == []

    def test_are_told_what_they_lack(self, plugins: Plugins) -> None:
        from dataclasses import replace

        silent = replace(plugins.plugins["contacts"], hooks=None)
        [problem] = disclosure.problems("contacts", silent)
        assert "personal_data and erase_personal_data" in problem

    def test_of_the_core_are_asked_through_one_that_reads_what_columns_say(self, plugins: Plugins) -> None:
        assert {"personal_data", "erase_personal_data"} <= hooks.implementations(
            plugins.plugins["privacy"].hooks
        ).keys()


class TestEvents:
    def test_hold_ids_codes_and_sealed_words_and_nothing_else(self, plugins: Plugins) -> None:
        mine = [kind for name, kind in declared().items() if name.split(".")[0] in plugins.plugins]
        assert len(mine) > 80
        assert [problem for kind in mine for problem in fields.problems(kind)] == []


class TestTheRoute:
    def test_shows_it_to_who_may_see_it(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        items = {each["table"]: each for each in ok(api.get("/privacy/catalogue"))["items"]}
        assert items["contacts_email"] == {
            "table": "contacts_email", "owner": "contacts",
            "columns": [
                {"column": "address", "category": "contact", "encrypted": False},
                {"column": "label", "category": "free_text", "encrypted": False},
            ],
        }  # fmt: skip
        assert {"column": "bundle", "category": "copy", "encrypted": True} in items["core_privacy_request"]["columns"]
        assert agency.member("manager").get("/privacy/catalogue").status_code == 403
