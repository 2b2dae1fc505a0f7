"""Whom the events of leads concern, and the colleagues a note mentions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from core import ids
from core.db.session import UnitOfWork
from core.events.event import revive
from core.extensions import db
from core.notices import Notice
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from plugins.leads import notices
from plugins.leads.events import LeadAssigned, LeadCreated, LeadMoved, NoteChanged, NoteWritten
from plugins.leads.models import Lead

Enquire = Callable[..., dict[str, Any]]


def me(person: ApiClient) -> UUID:
    assert person.user_id is not None
    return person.user_id


def audience(notice: Notice, event: Any) -> set[UUID]:
    """Who would be told."""
    return set(notice.recipients(event))


def mention(by: ApiClient, lead: dict[str, Any], *people: ApiClient) -> dict[str, Any]:
    """A new note that mentions people."""
    draft = {"text": "Please look", "mentions": [str(person.user_id) for person in people]}
    written: dict[str, Any] = ok(by.post(f"/leads/{lead['id']}/notes", draft), 201)
    return written


def payload_of(api: ApiClient, lead: dict[str, Any], name: str) -> dict[str, Any]:
    """The newest event of a name about a lead."""
    found: dict[str, Any] = ok(api.get(f"/audit?subject_id={lead['id']}&name={name}"))["items"][0]
    return found


class TestAssigned:
    def assigned(self, lead: dict[str, Any], *, owner: UUID | None, before: UUID | None = None) -> LeadAssigned:
        return LeadAssigned(lead_id=UUID(lead["id"]), from_owner_id=before, owner_id=owner, team_id=None)

    def test_is_for_the_new_owner(
        self, agency: AgencyUnderTest, enquire: Enquire, api: ApiClient, work: UnitOfWork
    ) -> None:
        agent, lead = agency.member("agent", team="Africa"), enquire()
        place(lead, owner=me(agent))
        assert audience(notices.ASSIGNED, self.assigned(lead, owner=me(agent), before=me(api))) == {me(agent)}

    def test_is_for_nobody_where_the_owner_stays(
        self, agency: AgencyUnderTest, enquire: Enquire, work: UnitOfWork
    ) -> None:
        agent, lead = agency.member("agent", team="Africa"), enquire()
        place(lead, owner=me(agent))
        assert audience(notices.ASSIGNED, self.assigned(lead, owner=me(agent), before=me(agent))) == set()

    def test_is_for_the_team_while_nobody_has_taken_it(
        self, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire, work: UnitOfWork
    ) -> None:
        lead, first, second = (
            enquire(),
            agency.newcomer("agent", team="Africa"),
            agency.newcomer("agent", team="Africa"),
        )
        team = UUID(ok(api.get("/users/teams"))["items"][0]["id"])
        place(lead, owner=None, team=team)
        assert audience(notices.ASSIGNED, self.assigned(lead, owner=None)) == {me(first), me(second)}
        place(lead, owner=me(first), team=team)
        assert audience(notices.ASSIGNED, self.assigned(lead, owner=None)) == set()

    def test_is_for_the_owner_of_a_lead_that_somebody_else_took_in(
        self, agency: AgencyUnderTest, enquire: Enquire, work: UnitOfWork
    ) -> None:
        agent = agency.member("agent", team="Africa")
        lead = enquire(owner_id=str(agent.user_id))
        event = LeadCreated(lead_id=UUID(lead["id"]), reference="L-1", source="manual", owner_id=me(agent))
        assert audience(notices.ASSIGNED, event) == {me(agent)}
        assert notices.ASSIGNED.words(event) == {"reference": lead["reference"]}

    def test_is_for_nobody_once_the_lead_is_gone(
        self, api: ApiClient, agency: AgencyUnderTest, enquire: Enquire, work: UnitOfWork
    ) -> None:
        agent, lead = agency.member("agent", team="Africa"), enquire()
        ok(api.delete(f"/leads/{lead['id']}", version="*"), 204)
        assert audience(notices.ASSIGNED, self.assigned(lead, owner=me(agent))) == set()


class TestStatus:
    def test_is_for_the_owner_as_long_as_they_see_the_lead(
        self, agency: AgencyUnderTest, enquire: Enquire, work: UnitOfWork
    ) -> None:
        agent, nobody, lead = agency.member("agent", team="Africa"), agency.newcomer("agent"), enquire()
        event = LeadMoved(lead_id=UUID(lead["id"]), from_status="qualified", to_status="proposal_sent", manual=False)
        place(lead, owner=me(agent))
        assert audience(notices.STATUS, event) == {me(agent)}
        assert notices.STATUS.words(event) == {"reference": lead["reference"], "status": "proposal sent"}
        strip_of_roles(nobody)
        place(lead, owner=me(nobody))
        assert audience(notices.STATUS, event) == set()


class TestMentions:
    def test_are_stored_shown_and_told(self, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire) -> None:
        lead, manager = enquire(), agency.member("manager")
        note = mention(api, lead, manager, manager)
        assert note["mentions"] == [str(manager.user_id)]
        assert ok(api.get(f"/leads/{lead['id']}/notes/{note['id']}"))["mentions"] == [str(manager.user_id)]
        event = payload_of(api, lead, "leads.note_written")
        assert event["payload"]["mentioned"] == [str(manager.user_id)]

    def test_only_the_newly_mentioned_are_told_of_a_change(
        self, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire
    ) -> None:
        lead, first, second = enquire(), agency.newcomer("manager"), agency.newcomer("manager")
        note = mention(api, lead, first)
        wanted = {"mentions": [str(first.user_id), str(second.user_id)]}
        changed = ok(api.patch(f"/leads/{lead['id']}/notes/{note['id']}", wanted, version=1))
        assert changed["mentions"] == wanted["mentions"]
        assert payload_of(api, lead, "leads.note_changed")["payload"]["mentioned"] == [str(second.user_id)]
        ok(api.patch(f"/leads/{lead['id']}/notes/{note['id']}", {"pinned": True}, version=2))
        assert payload_of(api, lead, "leads.note_changed")["payload"]["mentioned"] == []

    def test_are_of_active_members_who_see_the_lead(
        self, agency: AgencyUnderTest, other_agency: AgencyUnderTest, api: ApiClient, enquire: Enquire
    ) -> None:
        lead = enquire()
        suspended, elsewhere = agency.newcomer("manager"), agency.newcomer("agent", team="Asia")
        ok(api.patch(f"/users/{suspended.user_id}", {"state": "suspended"}, version="*"))
        stranger = other_agency.member("owner")
        people = [api.user_id, suspended.user_id, elsewhere.user_id, stranger.user_id, ids.new()]
        draft = {"text": "Look", "mentions": [str(each) for each in people]}
        assert faults(api.post(f"/leads/{lead['id']}/notes", draft)) == {
            "/mentions/1": "unknown",
            "/mentions/2": "cannot_see",
            "/mentions/3": "unknown",
            "/mentions/4": "unknown",
        }
        assert ok(api.get(f"/leads/{lead['id']}/notes"))["items"] == []

    def test_are_the_authors_to_change(self, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire) -> None:
        agent = agency.member("agent", team="Africa")
        lead = enquire(by=agent)
        note = mention(agent, lead)
        answer = api.patch(f"/leads/{lead['id']}/notes/{note['id']}", {"mentions": [str(api.user_id)]}, version=1)
        assert problem(answer) == (403, "note_of_somebody_else")

    def test_are_told_to_those_who_still_see_the_lead(
        self, agency: AgencyUnderTest, enquire: Enquire, work: UnitOfWork
    ) -> None:
        manager, agent, lead = agency.member("manager"), agency.newcomer("agent", team="Asia"), enquire()
        mentioned = [me(manager), me(agent)]
        written = NoteWritten(lead_id=UUID(lead["id"]), note_id=ids.new(), mentioned=mentioned)
        changed = NoteChanged(lead_id=UUID(lead["id"]), note_id=ids.new(), mentioned=mentioned)
        assert audience(notices.MENTIONED, written) == {me(manager)}
        place(lead, owner=me(agent))
        assert audience(notices.MENTIONED, changed) == {me(manager), me(agent)}

    @pytest.mark.parametrize("name", ["leads.note_written", "leads.note_changed"])
    def test_events_from_before_there_were_any_are_read_as_without(self, name: str) -> None:
        payload = {"lead_id": str(ids.new()), "note_id": str(ids.new())}
        assert getattr(revive(name, 1, payload), "mentioned", None) == []


def place(lead: dict[str, Any], *, owner: UUID | None, team: UUID | None = None) -> None:
    """Give a lead to somebody, behind everybody's back."""
    db.session.execute(update(Lead).where(Lead.id == UUID(lead["id"])).values(owner_id=owner, team_id=team))
    db.session.flush()


def strip_of_roles(person: ApiClient) -> None:
    from core.users.repository import members

    members.give_roles(me(person), [])
