"""A secret that stands in more than one place, or is stored more than once."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from core import ids
from core.extensions import db
from core.sdk import vault
from core.testing.factories import AgencyUnderTest
from core.vault.columns import NotSealed, Secret
from tests.core.vault.conftest import Within
from tests.core.vault.travellers import Traveller


class TestOneSecret:
    def test_in_two_rows_and_columns_is_sealed_for_each(self, agency: AgencyUnderTest, within: Within) -> None:
        secret = Secret("X-1")
        with within(agency.id):
            made = [Traveller(contact_id=ids.new(), passport=secret, diet=secret) for _ in range(2)]
            db.session.add_all(made)
            db.session.flush()
            wanted = [each.id for each in made]
        with within(agency.id):
            found = db.session.scalars(select(Traveller).where(Traveller.id.in_(wanted))).all()
            columns = (Traveller.passport, Traveller.diet)
            assert [vault.reveal(each, column) for each in found for column in columns] == ["X-1"] * 4

    def test_that_was_read_is_not_stored_elsewhere(self, agency: AgencyUnderTest, within: Within) -> None:
        with within(agency.id):
            made = Traveller(contact_id=ids.new(), passport=Secret("X-1"))
            db.session.add(made)
            db.session.flush()
            wanted = made.id
        with within(agency.id):
            read = db.session.scalars(select(Traveller).where(Traveller.id == wanted)).one()
            db.session.add(Traveller(contact_id=read.contact_id, passport=read.passport))
            with pytest.raises(NotSealed):
                db.session.flush()
            db.session.rollback()

    def test_is_sealed_anew_where_its_key_went_with_a_savepoint(self, agency: AgencyUnderTest, within: Within) -> None:
        with within(agency.id):
            made = Traveller(contact_id=ids.new(), passport=Secret("X-1"))
            with db.session.begin_nested() as tried:
                db.session.add(made)
                db.session.flush()
                tried.rollback()
            db.session.add(made)
            db.session.flush()
            wanted = made.id
        with within(agency.id):
            read = db.session.scalars(select(Traveller).where(Traveller.id == wanted)).one()
            assert vault.reveal(read, Traveller.passport) == "X-1"
