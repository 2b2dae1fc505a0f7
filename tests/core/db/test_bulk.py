"""Rows by the thousand: whose they are, and what is refused."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from core import bulk, clock, ids
from core.db.session import unit_of_work
from core.extensions import db
from core.testing.factories import AgencyUnderTest
from core.users.models import Team, User
from plugins.leads.models import Lead
from tests.core.db.inside import Inside


def named(*names: str) -> list[dict[str, object]]:
    now = clock.now()
    return [{"id": ids.new(), "name": name, "created_at": now, "updated_at": now} for name in names]


def write(*names: str, **more: object) -> None:
    with unit_of_work():
        bulk.insert(Team, [row | more for row in named(*names)])


class TestInsert:
    def test_writes_rows_of_the_acting_agency(self, inside: Inside, agency: AgencyUnderTest) -> None:
        with inside(agency.id):
            write(*(f"Team {number}" for number in range(bulk.CHUNK + 1)))
            rows = select(func.count(), func.min(Team.version), func.max(Team.version))
            assert db.session.execute(rows).one() == (bulk.CHUNK + 1, 1, 1)

    def test_writes_no_row_of_another(self, inside: Inside, agency: AgencyUnderTest) -> None:
        with inside(agency.id), pytest.raises(DBAPIError, match="row-level security"):
            write("Elsewhere", agency_id=ids.new())

    def test_takes_it_all_back_where_one_is_wrong(self, inside: Inside, agency: AgencyUnderTest) -> None:
        with inside(agency.id):
            with pytest.raises(DBAPIError):
                write("Right", "Twice", "Twice")
            assert list(db.session.scalars(select(Team.name))) == []

    def test_refuses_what_the_session_would_encrypt(self, inside: Inside, agency: AgencyUnderTest) -> None:
        with inside(agency.id), pytest.raises(TypeError, match="encrypted"):
            bulk.insert(Lead, [{"id": ids.new(), "restrictions": "no nuts"}])

    def test_refuses_rows_that_belong_to_no_agency(self, inside: Inside, agency: AgencyUnderTest) -> None:
        with inside(agency.id), pytest.raises(TypeError, match="User"):
            bulk.insert(User, [{"id": ids.new()}])
