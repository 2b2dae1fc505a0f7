"""Encrypted columns of rows that are written by the thousand."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from core import bulk, clock, ids
from core.extensions import db
from core.sdk import vault
from core.testing.factories import AgencyUnderTest
from core.vault import keys
from core.vault.keys import Person
from core.vault.models import DataKey
from tests.core.vault.conftest import Within
from tests.core.vault.travellers import SUBJECT, Traveller


def row(contact_id: UUID, **secrets: Any) -> dict[str, Any]:
    now = clock.now()
    values = {"passport": None, "diet": None} | {name: value and vault.Secret(value) for name, value in secrets.items()}
    return {"id": ids.new(), "contact_id": contact_id, "note": None, "created_at": now, "updated_at": now, **values}


class TestRows:
    def test_are_read_again_as_any_other_and_found_by_their_exact_value(
        self, agency: AgencyUnderTest, within: Within
    ) -> None:
        ana, ben = ids.new(), ids.new()
        with within(agency.id):
            bulk.insert(Traveller, [row(ana, passport="X 1"), row(ben), row(ana, passport="X2", diet="no nuts")])
        with within(agency.id):
            found = db.session.scalars(select(Traveller).order_by(Traveller.id)).all()
            assert [vault.reveal(each, Traveller.passport) for each in found] == ["X 1", None, "X2"]
            assert [vault.reveal(each, Traveller.diet) for each in found] == [None, None, "no nuts"]
            # Whatever its blanks are.
            wanted = vault.blinded(Traveller.passport_index)("x-1")
            assert [each.passport_index == wanted for each in found] == [True, False, False]
            # One key each; none for whom nothing is sealed.
            assert db.session.scalar(select(func.count()).select_from(DataKey)) == 1

    def test_use_the_key_that_a_person_has(self, agency: AgencyUnderTest, within: Within) -> None:
        ana = ids.new()
        with within(agency.id):
            keys.to_seal(Person(SUBJECT, ana))
            bulk.insert(Traveller, [row(ana, diet="no nuts")])
            assert db.session.scalar(select(func.count()).select_from(DataKey)) == 1

    def test_say_nothing_about_who_was_erased(self, agency: AgencyUnderTest, within: Within) -> None:
        ana = ids.new()
        with within(agency.id):
            keys.forget(Person(SUBJECT, ana))
            with pytest.raises(vault.SubjectErased):
                bulk.insert(Traveller, [row(ana, diet="no nuts")])

    def test_are_refused_in_clear(self, agency: AgencyUnderTest, within: Within) -> None:
        with within(agency.id), pytest.raises(TypeError, match="encrypted"):
            bulk.insert(Traveller, [row(ids.new()) | {"diet": "no nuts"}])
