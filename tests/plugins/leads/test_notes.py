"""Notes on leads: whose they are, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest

Enquire = Callable[..., dict[str, Any]]


def write(api: ApiClient, lead: dict[str, Any]) -> str:
    """The address of a new note."""
    note = ok(api.post(f"/leads/{lead['id']}/notes", {"text": "Wants a quiet room"}), 201)
    return f"/leads/{lead['id']}/notes/{note['id']}"


class TestNotes:
    def test_the_author_is_whoever_writes(self, api: ApiClient, enquire: Enquire) -> None:
        lead = enquire()
        note = ok(api.post(f"/leads/{lead['id']}/notes", {"text": "Wants a quiet room"}), 201)
        assert note["author_id"] == str(api.user_id)
        answer = api.post(f"/leads/{lead['id']}/notes", {"text": "Mine", "author_id": lead["id"]})
        assert faults(answer) == {"/author_id": "unknown_field"}

    def test_a_note_can_be_corrected_and_pinned(self, api: ApiClient, enquire: Enquire) -> None:
        lead = enquire()
        note = ok(api.post(f"/leads/{lead['id']}/notes", {"text": "Tow rooms"}), 201)
        path = f"/leads/{lead['id']}/notes/{note['id']}"
        changed = ok(api.patch(path, {"text": "Two rooms", "pinned": True}, version=1))
        assert (changed["text"], changed["pinned"], changed["version"]) == ("Two rooms", True, 2)
        assert len(ok(api.get(f"/leads/{lead['id']}/notes?pinned=true"))["items"]) == 1

    def test_a_note_says_something(self, api: ApiClient, enquire: Enquire) -> None:
        lead = enquire(note=" \n")
        assert ok(api.get(f"/leads/{lead['id']}/notes"))["items"] == []
        assert faults(api.post(f"/leads/{lead['id']}/notes", {"text": " \n\u00a0"})) == {"/text": "pattern"}
        assert faults(api.patch(write(api, lead), {"text": "  "}, version=1)) == {"/text": "pattern"}
        ok(api.post(f"/leads/{lead['id']}/notes", {"text": "\n Two\nlines"}), 201)

    def test_a_note_belongs_to_its_lead(self, api: ApiClient, enquire: Enquire) -> None:
        lead, other = enquire(), enquire()
        note = ok(api.post(f"/leads/{lead['id']}/notes", {"text": "Here"}), 201)
        answer = api.patch(f"/leads/{other['id']}/notes/{note['id']}", {"text": "There"}, version=1)
        assert problem(answer) == (404, "not_found")

    def test_a_new_note_is_where_its_answer_says(self, api: ApiClient, enquire: Enquire) -> None:
        answer = api.post(f"/leads/{enquire()['id']}/notes", {"text": "Here"})
        address = answer.headers["Location"].partition("/api/v1")[2]
        assert ok(api.get(address)) == answer.json

    def test_only_the_author_changes_the_text(self, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire) -> None:
        agent = agency.member("agent", team="Africa")
        address = write(agent, enquire(by=agent))
        assert problem(api.patch(address, {"text": "Never said so"}, version=1)) == (403, "note_of_somebody_else")
        assert ok(api.patch(address, {"pinned": True}, version=1))["text"] == "Wants a quiet room"
        assert ok(agent.patch(address, {"text": "Two rooms"}, version=2))["text"] == "Two rooms"

    def test_without_changes_nothing_happens(self, api: ApiClient, enquire: Enquire) -> None:
        lead = enquire()
        assert ok(api.patch(write(api, lead), {}, version=1))["version"] == 1
        assert ok(api.get(f"/audit?subject_id={lead['id']}&name=leads.note_changed"))["items"] == []

    def test_the_author_deletes_it_and_so_does_who_may_delete_leads(
        self, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire
    ) -> None:
        agent, mate = agency.member("agent", team="Africa"), agency.newcomer("agent", team="Africa")
        lead = enquire(by=agent)
        first, second = write(agent, lead), write(agent, lead)
        assert problem(mate.delete(first, version=1)) == (403, "forbidden")
        ok(agent.delete(first, version=1), 204)
        ok(api.delete(second, version=1), 204)
        assert ok(api.get(f"/leads/{lead['id']}/notes"))["items"] == []
        assert problem(api.get(first)) == (404, "not_found")
        events = ok(api.get(f"/audit?subject_id={lead['id']}&name=leads.note_deleted"))["items"]
        assert len(events) == 2


class TestReach:
    def test_whoever_may_delete_their_own_leads_deletes_what_others_wrote_on_those_only(
        self, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire
    ) -> None:
        may = {"leads.read": "all", "leads.write": "all", "leads.delete": "own", "contacts.read": "all"}
        ok(api.post("/roles", {"code": "desk", "name": "Desk", "permissions": may}), 201)
        desk = agency.newcomer("desk")
        of_others, own = enquire(), enquire(owner_id=str(desk.user_id))
        assert problem(desk.delete(write(api, of_others), version=1)) == (403, "forbidden")
        ok(desk.delete(write(api, own), version=1), 204)
