"""Changing rows: lost races are noticed, what is put away is out of sight, and a failure leaves nothing behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from uuid import UUID

import pytest
from sqlalchemy import func, select

from core.actor import Actor, Scope, system
from core.db import read
from core.db.read import Query
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.errors import NotFound, PreconditionFailed
from core.events.models import EventEntry
from core.extensions import db
from core.http.application import Application
from core.testing.clients import ApiClient, ok, problem
from core.testing.factories import AgencyUnderTest
from core.users.models import Team
from core.users.repository import teams
from plugins.contacts.models import Contact
from plugins.contacts.repository import contacts

Inside = Callable[[UUID], AbstractContextManager[None]]
NAMES = Query(select(Team.name).order_by(Team.name), str)


def add_team(name: str = "North") -> Team:
    return teams.add(Team(name=name))


class TestLostRaces:
    def test_of_fifty_changes_to_one_version_one_is_made(self, app: Application, api: ApiClient) -> None:
        made = ok(api.post("/contacts", {"name": "Ana"}), 201)

        def change(number: int) -> tuple[int, str]:
            client = ApiClient(app, api.token)
            response = client.patch(f"/contacts/{made['id']}", {"note": f"by {number}"}, version=1)
            return response.status_code, "" if response.status_code == 200 else problem(response)[1]

        with ThreadPoolExecutor(4) as pool:
            answers = Counter(pool.map(change, range(50)))
        assert answers == {(200, ""): 1, (412, "precondition_failed"): 49}
        assert ok(api.get(f"/contacts/{made['id']}"))["version"] == 2

    def test_who_names_no_version_loses_no_race(self, app: Application, api: ApiClient) -> None:
        made = ok(api.post("/contacts", {"name": "Ana"}), 201)

        def change(number: int) -> int:
            return (
                ApiClient(app, api.token)
                .patch(f"/contacts/{made['id']}", {"note": f"{number}"}, version="*")
                .status_code
            )

        with ThreadPoolExecutor(2) as pool:
            assert set(pool.map(change, range(12))) == {200}
        assert ok(api.get(f"/contacts/{made['id']}"))["version"] == 13

    def test_the_loser_of_a_race_published_nothing(self, app: Application, api: ApiClient) -> None:
        made = ok(api.post("/contacts", {"name": "Ana"}), 201)
        for note in ("first", "late", "later"):
            api.patch(f"/contacts/{made['id']}", {"note": note}, version=1)
        told = ok(api.get(f"/audit?subject_id={made['id']}&name=contacts.contact_changed"))
        assert len(told["items"]) == 1

    def test_an_old_version_is_refused_before_anything_is_done(self, acting: AgencyUnderTest) -> None:
        with unit_of_work():
            made = add_team()
            assert teams.get(made.id, version=1).version == 1
            with pytest.raises(PreconditionFailed):
                teams.get(made.id, version=7)

    def test_a_row_that_changed_meanwhile_is_a_failed_precondition(
        self, acting: AgencyUnderTest, inside: Inside
    ) -> None:
        with unit_of_work():
            team_id = add_team().id

        def meanwhile() -> None:
            with inside(acting.id), unit_of_work():
                teams.get(team_id).name = "South"

        def slowly() -> None:
            with unit_of_work():
                mine = teams.get(team_id)
                with ThreadPoolExecutor(1) as other:
                    other.submit(meanwhile).result()
                mine.name = "West"

        with pytest.raises(PreconditionFailed):
            slowly()
        assert NAMES.rows() == ["South"]


class TestUnitOfWork:
    def test_what_fails_leaves_nothing(self, acting: AgencyUnderTest) -> None:
        def fail() -> None:
            with unit_of_work():
                add_team()
                raise LookupError

        with pytest.raises(LookupError):
            fail()
        assert NAMES.rows() == []

    def test_what_is_discarded_leaves_nothing(self, acting: AgencyUnderTest) -> None:
        with unit_of_work() as work:
            add_team()
            work.discard()
        assert NAMES.rows() == []

    def test_a_read_inside_sees_what_was_written_so_far(self, acting: AgencyUnderTest) -> None:
        with unit_of_work():
            add_team()
            assert NAMES.rows() == ["North"]
        assert NAMES.rows() == ["North"]

    def test_a_read_opens_no_transaction(self, acting: AgencyUnderTest) -> None:
        with unit_of_work():
            NAMES.rows()
            assert not db.session().in_transaction()

    def test_a_refused_request_leaves_neither_row_nor_event(self, api: ApiClient, inside: Inside) -> None:
        body = {"contact": {"name": "Ana"}, "owner_id": "0198c5d2-7a10-7c3e-9a41-5f2b8c6d7e90"}
        assert api.post("/leads", body).status_code == 422
        assert api.agency_id is not None
        with inside(api.agency_id):
            assert read.rows(select(Contact.id), str) == []
            names = set(read.rows(select(EventEntry.name), str))
        assert not names & {"leads.lead_created", "contacts.contact_created"}


class TestSoftDelete:
    def test_hides_a_row_from_every_question(self, acting: AgencyUnderTest) -> None:
        with unit_of_work():
            gone = contacts.add(Contact(kind="person", name="Ana", sort_name="ana"))
            contacts.remove(gone)
            contact_id = gone.id
        assert contacts.find(contact_id) is None
        with pytest.raises(NotFound):
            contacts.shown(contact_id)
        assert db.session.scalar(select(func.count()).select_from(Contact)) == 0
        assert db.session.scalar(select(Contact.id).where(Contact.id == contact_id)) is None
        assert contacts.get_deleted(contact_id).name == "Ana"
        hidden = Query(select(Contact.id), lambda found: found, include_deleted=True)
        db.session.rollback()
        assert hidden.rows() == [contact_id]

    def test_a_row_in_sight_cannot_be_restored(self, acting: AgencyUnderTest) -> None:
        with unit_of_work() as work:
            there = contacts.add(Contact(kind="person", name="Ana", sort_name="ana"))
            with pytest.raises(NotFound):
                contacts.get_deleted(there.id)
            work.discard()


class TestScope:
    @pytest.mark.parametrize(
        ("scope", "mine", "team", "others"),
        [
            (Scope.OWN, True, False, False),
            (Scope.TEAM, True, True, False),
            (Scope.ALL, True, True, True),
            (None, False, False, False),
        ],
    )
    def test_reaches_so_far(
        self, agency: AgencyUnderTest, inside: Inside, scope: Scope | None, mine: bool, team: bool, others: bool
    ) -> None:
        me, colleague = agency.newcomer("agent", team="North"), agency.newcomer("agent", team="North")
        stranger = agency.newcomer("agent", team="South")
        made = [ok(who.post("/contacts", {"name": "Ana"}), 201) for who in (me, colleague, stranger)]
        grants = {"contacts.read": scope} if scope else {}
        north = frozenset({UUID(made[0]["team_id"])})
        limited = Actor(kind="user", agency_id=agency.id, user_id=me.user_id, team_ids=north, grants=grants)
        with inside(agency.id), acting_as(limited):
            seen = [contacts.find(UUID(each["id"])) is not None for each in made]
        assert seen == [mine, team, others]

    def test_the_system_reaches_everything(self, agency: AgencyUnderTest, app: Application) -> None:
        made = ok(agency.member("agent", team="North").post("/contacts", {"name": "Ana"}), 201)
        with app.app_context(), acting_as(system(agency.id)):
            assert contacts.find(UUID(made["id"])) is not None
