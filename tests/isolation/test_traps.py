"""Every known way around the agency filter, each tried."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import CursorResult, delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from core import ids
from core.actor import NOBODY, current_actor, system
from core.agencies.models import Brand
from core.db.session import apart, unit_of_work
from core.db.tenancy import ForeignAgency, NoAgency, acting_as
from core.extensions import db
from core.http.application import Application
from core.roles.models import Role
from core.testing.clients import ok
from core.testing.factories import AgencyUnderTest
from core.users.models import Team

Connect = Callable[[str], psycopg.Connection[Any]]
Inside = Callable[[UUID], AbstractContextManager[None]]
NOT_ALLOWED = "42501"


def team(name: str = "North") -> Team:
    """A row of whoever acts."""
    made = Team(name=name)
    db.session.add(made)
    db.session.flush()
    return made


class TestNobodyActs:
    def test_a_query_raises(self, app: Application) -> None:
        with app.app_context(), pytest.raises(NoAgency):
            db.session.scalars(select(Role)).all()

    def test_a_query_nested_in_another_raises(self, app: Application) -> None:
        with app.app_context():
            for nested in (
                select(func.count()).select_from(select(Role.id).subquery()),
                select(text("1")).where(select(Role.id).exists()),
                select(select(Role.name).limit(1).scalar_subquery()),
                select(Role.id).union(select(Team.id)),
            ):
                with pytest.raises(NoAgency):
                    db.session.execute(nested).all()

    @pytest.mark.parametrize("statement", [update(Team).values(name="x"), delete(Team)])
    def test_changing_many_rows_raises(self, app: Application, statement: Any) -> None:
        with app.app_context(), pytest.raises(NoAgency):
            db.session.execute(statement)

    def test_a_new_row_raises(self, app: Application) -> None:
        with app.app_context(), pytest.raises(NoAgency):
            team()

    def test_the_database_shows_no_row_either(self, connect: Connect, agency: AgencyUnderTest) -> None:
        for role in ("core_role", "core_membership", "core_user", "core_agency", "core_event"):
            assert connect("app").execute(f"SELECT count(*) FROM {role}").fetchone() == (0,)


class TestSwitching:
    def test_get_answers_for_the_agency_acted_in(self, acting: AgencyUnderTest, other_agency: AgencyUnderTest) -> None:
        mine = team()
        with acting_as(system(other_agency.id)):
            assert db.session.get(Team, mine.id) is None
        found = db.session.get(Team, mine.id)
        assert found is not None
        assert found is not mine

    def test_what_was_read_under_a_switch_is_gone_after_it(
        self, acting: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        with acting_as(system(other_agency.id)):
            theirs = team()
        assert db.session.get(Team, theirs.id) is None

    def test_pending_rows_belong_to_who_made_them(
        self, acting: AgencyUnderTest, other_agency: AgencyUnderTest, connect: Connect
    ) -> None:
        with unit_of_work():
            db.session.add(Team(name="mine"))
            with acting_as(system(other_agency.id)):
                db.session.add(Team(name="theirs"))
        found = connect("owner").execute(
            "SELECT name, agency_id FROM core_team WHERE agency_id = ANY(%s)", [[acting.id, other_agency.id]]
        )
        assert dict(found.fetchall()) == {"mine": acting.id, "theirs": other_agency.id}

    def test_the_error_that_broke_a_switch_is_the_one_told(
        self, acting: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        with pytest.raises(DBAPIError, match="division by zero"), acting_as(system(other_agency.id)):
            db.session.execute(text("SELECT 1 / 0"))
        assert current_actor().agency_id == acting.id

    def test_after_an_error_that_was_caught_the_first_agency_is_acted_in(
        self, acting: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        mine = team()
        with pytest.raises(LookupError), acting_as(system(other_agency.id)):
            raise LookupError
        assert db.session.get(Team, mine.id) is not None
        told = db.session.scalar(select(func.current_setting("app.agency_id")))
        assert told == str(acting.id)

    def test_the_actor_ends_with_its_context(self, app: Application, acting: AgencyUnderTest) -> None:
        """The same thread serves another request next, and other threads serve theirs now."""
        found = []
        with app.app_context():
            found.append(current_actor())
        thread = threading.Thread(target=lambda: found.append(current_actor()))
        thread.start()
        thread.join()
        assert found == [NOBODY, NOBODY]


class TestWrites:
    def test_bulk_inserts_are_refused(self, acting: AgencyUnderTest) -> None:
        with pytest.raises(ForeignAgency):
            db.session.execute(insert(Team).values(id=ids.new(), name="x", version=1))
        with pytest.raises(ForeignAgency):
            db.session.execute(insert(Team), [{"id": ids.new(), "name": "x", "version": 1}])

    def test_a_row_for_another_agency_is_refused(self, acting: AgencyUnderTest, other_agency: AgencyUnderTest) -> None:
        db.session.add(Team(name="x", agency_id=other_agency.id))
        with pytest.raises(ForeignAgency):
            db.session.flush()

    def test_a_row_cannot_move_to_another_agency(self, acting: AgencyUnderTest, other_agency: AgencyUnderTest) -> None:
        made = team()
        made.agency_id = other_agency.id
        with pytest.raises(ForeignAgency):
            db.session.flush()

    def test_a_row_held_from_before_the_switch_cannot_be_changed(
        self, acting: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        mine = team()
        with acting_as(system(other_agency.id)):
            db.session.add(mine)
            mine.name = "South"
            with pytest.raises(ForeignAgency):
                db.session.flush()
            db.session.expunge_all()

    def test_changing_many_rows_stays_in_the_agency(
        self, acting: AgencyUnderTest, other_agency: AgencyUnderTest, connect: Connect
    ) -> None:
        with unit_of_work(), acting_as(system(other_agency.id)):
            team("theirs")
        with unit_of_work():
            team("mine")
            db.session.execute(update(Team).values(name="changed"))
            db.session.execute(delete(Team))
        left = connect("owner").execute("SELECT name FROM core_team WHERE agency_id = %s", [other_agency.id])
        assert left.fetchall() == [("theirs",)]

    def test_a_row_cannot_point_into_another_agency(
        self, inside: Inside, agency: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        lead = ok(agency.member("owner").post("/leads", {"contact": {"name": "Ana"}}), 201)
        theirs = ok(other_agency.member("owner").post("/agencies/brands", {"code": "sunset", "name": "Sunset"}), 201)
        statement = text("UPDATE leads_lead SET brand_id = :brand WHERE id = :lead")
        with pytest.raises(DBAPIError, match="foreign key"), inside(agency.id):
            db.session.execute(statement, {"brand": theirs["id"], "lead": lead["id"]})


@pytest.mark.usefixtures("without_wall_1")
class TestPoliciesAlone:
    def test_raw_statements_see_one_agency(self, acting: AgencyUnderTest, other_agency: AgencyUnderTest) -> None:
        counted = db.session.execute(text("SELECT count(*), min(agency_id::text) FROM core_role")).one()
        assert tuple(counted) == (7, str(acting.id))
        assert db.session.execute(select(func.count()).select_from(Role.__table__)).scalar() == 7

    def test_unfiltered_entities_are_of_one_agency(
        self, acting: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        assert {role.agency_id for role in db.session.scalars(select(Role))} == {acting.id}

    def test_a_foreign_row_is_refused(self, acting: AgencyUnderTest, other_agency: AgencyUnderTest) -> None:
        db.session.add(Team(name="x", agency_id=other_agency.id))
        with pytest.raises(DBAPIError) as caught:
            db.session.flush()
        assert getattr(caught.value.orig, "sqlstate", "") == NOT_ALLOWED

    def test_a_row_cannot_be_given_away(self, acting: AgencyUnderTest, other_agency: AgencyUnderTest) -> None:
        team()
        with pytest.raises(DBAPIError) as caught:
            db.session.execute(text("UPDATE core_team SET agency_id = :other"), {"other": other_agency.id})
        assert getattr(caught.value.orig, "sqlstate", "") == NOT_ALLOWED

    def test_foreign_rows_cannot_be_changed_or_deleted(
        self, acting: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        of_theirs = {"other": other_agency.id}
        for change in ("UPDATE core_role SET name = 'x'", "DELETE FROM core_role"):
            result = db.session.execute(text(f"{change} WHERE agency_id = :other"), of_theirs)
            assert isinstance(result, CursorResult)
            assert result.rowcount == 0

    def test_a_bulk_insert_for_another_agency_is_refused(
        self, acting: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        row = {"id": ids.new(), "name": "x", "version": 1, "agency_id": other_agency.id}
        with pytest.raises(DBAPIError) as caught:
            db.session.execute(insert(Team), [row])
        assert getattr(caught.value.orig, "sqlstate", "") == NOT_ALLOWED


class TestTheSetting:
    def test_ends_with_the_transaction(self, acting: AgencyUnderTest) -> None:
        with unit_of_work():
            db.session.add(Brand(code="sunset", name="Sunset", language="en"))
        with db.engine.connect() as connection:
            assert connection.execute(text("SELECT current_setting('app.agency_id', true)")).scalar() in ("", None)
            assert connection.execute(text("SELECT count(*) FROM core_brand")).scalar() == 0

    def test_ends_with_a_transaction_that_failed(self, acting: AgencyUnderTest) -> None:
        with pytest.raises(DBAPIError), unit_of_work():
            db.session.execute(text("SELECT 1 / 0"))
        with db.engine.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM core_role")).scalar() == 0

    def test_survives_a_savepoint_that_was_rolled_back(self, acting: AgencyUnderTest) -> None:
        team()
        with pytest.raises(LookupError), db.session.begin_nested():
            raise LookupError
        assert db.session.scalar(select(func.count()).select_from(Team)) == 1


REVOKE = text("UPDATE core_auth_session SET revoked_because = 'tested' WHERE agency_id = :agency")
REASONS = "SELECT revoked_because FROM core_auth_session WHERE agency_id = %s"


class TestApart:
    def test_survives_the_rollback_of_the_work_it_came_from(
        self, inside: Inside, agency: AgencyUnderTest, connect: Connect
    ) -> None:
        def fail_after_a_fact() -> None:
            with unit_of_work():
                team("lost")
                with apart() as session:
                    session.execute(REVOKE, {"agency": agency.id})
                raise LookupError

        agency.member("owner")
        with inside(agency.id):
            with pytest.raises(LookupError):
                fail_after_a_fact()
            assert db.session.scalar(select(func.count()).select_from(Team)) == 0
        assert connect("system").execute(REASONS, [agency.id]).fetchall() == [("tested",)]

    def test_keeps_nothing_of_itself_when_it_fails(
        self, inside: Inside, agency: AgencyUnderTest, connect: Connect
    ) -> None:
        def fail() -> None:
            with apart() as session:
                session.execute(REVOKE, {"agency": agency.id})
                raise LookupError

        agency.member("owner")
        with inside(agency.id), pytest.raises(LookupError):
            fail()
        assert connect("system").execute(REASONS, [agency.id]).fetchall() == [(None,)]
