"""Encrypted columns: nobody reads them who has the database alone, and they open in their own place alone."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import current_app
from sqlalchemy import select, update
from sqlalchemy.exc import StatementError

from core import ids
from core.crypto import Unreadable
from core.db.read import Query
from core.extensions import db
from core.keyring.rings import ring
from core.sdk import vault
from core.testing.factories import AgencyUnderTest
from core.vault.columns import Closed, Secret
from tests.core.vault.conftest import Within
from tests.core.vault.travellers import Traveller

PASSPORT = "X-4711-ZZ"


@pytest.fixture
def make(within: Within) -> Callable[..., UUID]:
    """Makes travellers."""

    def make(agency: AgencyUnderTest, *, contact_id: UUID | None = None, **values: str) -> UUID:
        with within(agency.id):
            secrets = {name: Secret(value) for name, value in values.items()}
            traveller = Traveller(contact_id=contact_id or ids.new(), **secrets)
            db.session.add(traveller)
            db.session.flush()
            return traveller.id

    return make


def load(traveller_id: UUID) -> Traveller:
    """A traveller of the acting agency."""
    return db.session.scalars(select(Traveller).where(Traveller.id == traveller_id)).one()


class TestAnEncryptedColumn:
    def test_is_read_again_as_it_was_written(
        self, agency: AgencyUnderTest, make: Callable[..., UUID], within: Within
    ) -> None:
        made = make(agency, passport=PASSPORT, diet="no nuts \N{PEANUTS}")
        with within(agency.id):
            assert vault.reveal(load(made), Traveller.passport) == PASSPORT
            assert vault.reveal(load(made), Traveller.diet) == "no nuts \N{PEANUTS}"

    def test_is_nowhere_in_a_dump_of_the_database(
        self, agency: AgencyUnderTest, make: Callable[..., UUID], dump: Callable[[], str]
    ) -> None:
        made = make(agency, passport="UNLIKELY-123456", diet="a very particular diet")
        text = dump()
        assert str(made) in text
        for plain in ("UNLIKELY", "123456", "particular"):
            assert plain not in text
            assert base64.b64encode(plain.encode()).decode().rstrip("=") not in text
            assert plain.encode().hex() not in text

    def test_may_be_empty(self, agency: AgencyUnderTest, make: Callable[..., UUID], within: Within) -> None:
        made = make(agency)
        with within(agency.id):
            assert vault.reveal(load(made), Traveller.passport) is None

    def test_can_be_changed_and_emptied(
        self, agency: AgencyUnderTest, make: Callable[..., UUID], within: Within
    ) -> None:
        made = make(agency, passport=PASSPORT)
        with within(agency.id):
            load(made).passport = Secret("Y-1")
        with within(agency.id):
            assert vault.reveal(load(made), Traveller.passport) == "Y-1"
            load(made).passport = None
        with within(agency.id):
            assert (load(made).passport, load(made).passport_index) == (None, None)

    def test_shows_nothing_where_it_is_printed(self) -> None:
        assert PASSPORT not in f"{Secret(PASSPORT)} {Secret(PASSPORT)!r}"

    def test_of_many_rows_is_opened_with_one_statement_for_all_keys(
        self, agency: AgencyUnderTest, make: Callable[..., UUID], within: Within, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = [make(agency, passport=f"P-{number}") for number in range(5)]
        query = Query(select(Traveller.id, Traveller.contact_id, Traveller.passport).order_by(Traveller.id), Closed)
        asked: list[object] = []
        fetch = Query._fetch

        def count(self: Query[Any], *args: Any) -> list[Any]:
            asked.append(args)
            return fetch(self, *args)

        monkeypatch.setattr(Query, "_fetch", count)
        with within(agency.id):
            # No transaction runs: both statements go through the read engine.
            found = list(vault.reveal_all(query.rows(), Traveller.passport))
            assert found == [f"P-{number}" for number, _ in enumerate(made)]
            assert len(asked) == 2


class TestCiphertext:
    """Whoever may write to the database, but has no key, moves it about."""

    @pytest.fixture
    def stored(self, owner: psycopg.Connection[Any]) -> Callable[[UUID, str], str]:
        def read(traveller_id: UUID, column: str) -> str:
            owner.execute("ALTER TABLE test_traveller NO FORCE ROW LEVEL SECURITY")
            statement = f"SELECT {column} FROM test_traveller WHERE id = %s"
            return owner.execute(statement, [traveller_id]).fetchone()[0]  # type: ignore[index, no-any-return] # one text

        return read

    def test_opens_in_no_other_row_of_the_same_person(
        self, agency: AgencyUnderTest, make: Callable[..., UUID], within: Within, owner: psycopg.Connection[Any],
        stored: Callable[[UUID, str], str],
    ) -> None:  # fmt: skip
        person = ids.new()
        one, other = (make(agency, contact_id=person, passport=text) for text in ("P-1", "P-2"))
        owner.execute("UPDATE test_traveller SET passport = %s WHERE id = %s", [stored(one, "passport"), other])
        with within(agency.id), pytest.raises(Unreadable):
            vault.reveal(load(other), Traveller.passport)

    def test_opens_in_no_other_column_of_the_same_row(
        self, agency: AgencyUnderTest, make: Callable[..., UUID], within: Within, owner: psycopg.Connection[Any]
    ) -> None:
        made = make(agency, passport="P-1", diet="vegan")
        owner.execute("UPDATE test_traveller SET passport = diet WHERE id = %s", [made])
        with within(agency.id), pytest.raises(Unreadable):
            vault.reveal(load(made), Traveller.passport)

    def test_opens_in_no_other_agency_even_with_its_key(
        self, agency: AgencyUnderTest, other_agency: AgencyUnderTest, make: Callable[..., UUID], within: Within,
        owner: psycopg.Connection[Any],
    ) -> None:  # fmt: skip
        made = make(agency, passport="P-1")
        # The row and the person's key with it: only the place that was sealed in still tells.
        owner.execute("UPDATE test_traveller SET agency_id = %s WHERE id = %s", [other_agency.id, made])
        owner.execute(
            "UPDATE core_data_key SET agency_id = %s WHERE subject_id ="
            " (SELECT contact_id FROM test_traveller WHERE id = %s)",
            [other_agency.id, made],
        )
        with within(other_agency.id), pytest.raises(Unreadable):
            vault.reveal(load(made), Traveller.passport)

    def test_opens_no_more_once_a_byte_is_changed(
        self, agency: AgencyUnderTest, make: Callable[..., UUID], within: Within, owner: psycopg.Connection[Any],
        stored: Callable[[UUID, str], str],
    ) -> None:  # fmt: skip
        made = make(agency, passport="P-1")
        head, _, body = stored(made, "passport").rpartition(".")
        raw = bytearray(base64.b64decode(body))
        for place in range(len(raw)):
            changed = bytes(raw[:place]) + bytes([raw[place] ^ 1]) + bytes(raw[place + 1 :])
            text = f"{head}.{base64.b64encode(changed).decode()}"
            owner.execute("UPDATE test_traveller SET passport = %s WHERE id = %s", [text, made])
            with within(agency.id), pytest.raises(Unreadable):
                vault.reveal(load(made), Traveller.passport)

    def test_of_a_row_that_is_about_somebody_else_from_now_on_is_sealed_for_them(
        self, agency: AgencyUnderTest, make: Callable[..., UUID], within: Within
    ) -> None:
        made, other = make(agency, passport=PASSPORT), ids.new()
        with within(agency.id):
            load(made).contact_id = other
        with within(agency.id):
            assert vault.reveal(load(made), Traveller.passport) == PASSPORT


class TestAClearValue:
    def test_reaches_no_encrypted_column_past_the_session(
        self, agency: AgencyUnderTest, make: Callable[..., UUID], within: Within
    ) -> None:
        made = make(agency)
        for value in ("in clear", Secret("in clear")):
            past = update(Traveller).where(Traveller.id == made).values(passport=value)
            with within(agency.id):
                with pytest.raises(StatementError, match="Secret"):
                    db.session.execute(past)
                db.session.rollback()

    def test_is_refused_on_an_entity_as_well(self, agency: AgencyUnderTest, within: Within) -> None:
        with within(agency.id):
            db.session.add(Traveller(contact_id=ids.new(), passport="in clear"))
            with pytest.raises(AttributeError):
                db.session.flush()
            db.session.rollback()


class TestABlindIndex:
    def test_finds_the_value_however_it_is_spelled(
        self, agency: AgencyUnderTest, make: Callable[..., UUID], within: Within
    ) -> None:
        made = make(agency, passport="ab 12-34.56")
        make(agency, passport="AB 99")
        with within(agency.id):
            wanted = vault.blinded(Traveller.passport_index)("AB123456")
            found = db.session.scalars(select(Traveller.id).where(Traveller.passport_index == wanted)).all()
            assert found == [made]

    def test_of_the_same_number_differs_between_agencies_and_columns(
        self, agency: AgencyUnderTest, other_agency: AgencyUnderTest, make: Callable[..., UUID], within: Within,
        owner: psycopg.Connection[Any],
    ) -> None:  # fmt: skip
        digests = set()
        for each in (agency, other_agency):
            made = make(each, passport=PASSPORT)
            with within(each.id):
                digests.add(load(made).passport_index)
        assert len(digests) == 2

    def test_stays_the_same_when_the_keys_change(
        self, agency: AgencyUnderTest, make: Callable[..., UUID], within: Within
    ) -> None:
        with within(agency.id):
            before = vault.blinded(Traveller.passport_index)(PASSPORT)
            ring("vault").rotate()
            # As another process starts.
            current_app.extensions.pop("tripfile.blind_index")
            assert vault.blinded(Traveller.passport_index)(PASSPORT) == before

    def test_is_found_through_an_index_under_row_level_security(
        self, agency: AgencyUnderTest, make: Callable[..., UUID], within: Within
    ) -> None:
        make(agency, passport=PASSPORT)
        with within(agency.id):
            wanted = vault.blinded(Traveller.passport_index)(PASSPORT)
            db.session.connection().exec_driver_sql("SET LOCAL enable_seqscan = off")
            explained = db.session.connection().exec_driver_sql(
                f"EXPLAIN SELECT id FROM test_traveller WHERE passport_index = '{wanted}'"
            )
            plan = "\n".join(line for (line,) in explained)
        assert "passport_index = " in plan.partition("Index Cond")[2], plan


class TestAPersonWithoutAKey:
    def test_gets_one_although_the_first_attempt_was_undone(
        self, agency: AgencyUnderTest, within: Within, make: Callable[..., UUID]
    ) -> None:
        person = ids.new()
        with within(agency.id):
            with db.session.begin_nested() as savepoint:
                db.session.add(Traveller(contact_id=person, passport=Secret("lost")))
                db.session.flush()
                savepoint.rollback()
            kept = Traveller(contact_id=person, passport=Secret("kept"))
            db.session.add(kept)
            db.session.flush()
            kept_id = kept.id
        with within(agency.id):
            assert vault.reveal(load(kept_id), Traveller.passport) == "kept"
