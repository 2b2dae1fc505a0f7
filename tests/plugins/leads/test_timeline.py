"""What happened on a lead: every kind of thing in one order, paged, filtered, and within reach."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
import time_machine

from core import ids
from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.http.application import Application
from core.plugins.hookspecs import hookimpl
from core.plugins.manager import installed
from core.privacy import api as privacy
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from plugins.leads.api import Asked, TimelineEntry
from plugins.leads.service import erasure
from tests.contract.files import PDF
from tests.contract.statements import Statements

Enquire = Callable[..., dict[str, Any]]


def attach(api: ApiClient, lead: dict[str, Any], name: str = "passport.pdf") -> Any:
    return api.call("POST", f"/leads/{lead['id']}/attachments", data=PDF, query_string={"name": name},
                    headers={"Content-Type": "application/pdf"})  # fmt: skip


def note(api: ApiClient, lead: dict[str, Any], text: str) -> dict[str, Any]:
    written: dict[str, Any] = ok(api.post(f"/leads/{lead['id']}/notes", {"text": text}), 201)
    return written


def task(api: ApiClient, lead: dict[str, Any]) -> dict[str, Any]:
    draft = {"title": "Call", "subject": "leads.lead", "subject_id": lead["id"]}
    made: dict[str, Any] = ok(api.post("/tasks", draft), 201)
    return made


def timeline(api: ApiClient, lead: dict[str, Any], **query: Any) -> Any:
    return ok(api.get(f"/leads/{lead['id']}/timeline", query_string=query))


START = datetime(2027, 5, 10, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(START, tick=False) as running:
        yield running


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[Statements]:
    seen = Statements()
    with seen.watching(monkeypatch):
        yield seen


@pytest.fixture
def busy(clock: Any, api: ApiClient, enquire: Enquire) -> dict[str, Any]:
    """A lead on which everything has happened, a minute apart."""
    lead = enquire()
    happens: list[Callable[[], Any]] = [
        lambda: note(api, lead, "Wants a quiet room"),
        lambda: ok(api.post(f"/leads/{lead['id']}/calls", {"direction": "inbound", "outcome": "no_answer"}), 201),
        lambda: task(api, lead),
        lambda: ok(attach(api, lead), 201),
        lambda: ok(api.post(f"/leads/{lead['id']}/status", {"to": "contacted", "note": "By phone"}, version="*"), 200),
    ]
    for number, happen in enumerate(happens, 1):
        clock.move_to(START + timedelta(minutes=number))
        happen()
    return lead


class TestTimeline:
    def test_has_everything_newest_first(self, api: ApiClient, busy: dict[str, Any]) -> None:
        entries = timeline(api, busy)["items"]
        assert [each["kind"] for each in entries] == ["status", "file", "task", "call", "note", "status"]
        assert [each["title"] for each in entries[:3]] == ["From new to contacted", "passport.pdf", "Call"]
        assert entries[0]["text"] == "By phone"
        assert {each["actor_id"] for each in entries} == {str(api.user_id)}
        for each in entries:
            ok(api.get(each["link"]))

    def test_shows_the_kinds_that_are_asked_for(self, api: ApiClient, busy: dict[str, Any]) -> None:
        kinds = [each["kind"] for each in timeline(api, busy, kinds="note,task")["items"]]
        assert kinds == ["task", "note"]
        assert timeline(api, busy, kinds="quotes.sent")["items"] == []
        for strange, code in (("Note!", "pattern"), ("note,foo", "choice")):
            assert faults(api.get(f"/leads/{busy['id']}/timeline?kinds={strange}")) == {"?kinds": code}

    def test_pages_tell_each_entry_once_whatever_is_added(self, api: ApiClient, busy: dict[str, Any]) -> None:
        whole, found, cursor = timeline(api, busy)["items"], [], None
        while True:
            page = timeline(api, busy, limit=2, **({"cursor": cursor} if cursor else {}))
            found += page["items"]
            note(api, busy, "One more")
            cursor = page["next"]
            if cursor is None:
                break
        assert found == whole

    def test_entries_of_one_instant_are_in_one_order(self, api: ApiClient, enquire: Enquire) -> None:
        lead = enquire()
        for _ in range(3):
            note(api, lead, "Now"), task(api, lead), attach(api, lead)
        found: list[str] = []
        cursor = None
        for _ in range(10):
            page = timeline(api, lead, limit=1, **({"cursor": cursor} if cursor else {}))
            found += [each["id"] for each in page["items"]]
            cursor = page["next"]
        assert cursor is None
        assert found == sorted(set(found), reverse=True)
        assert len(found) == 10

    def test_a_cursor_is_good_for_its_own_list(self, api: ApiClient, busy: dict[str, Any]) -> None:
        cursor = timeline(api, busy, limit=1)["next"]
        answer = api.get(f"/leads/{busy['id']}/timeline", query_string={"cursor": cursor, "kinds": "note"})
        assert faults(answer) == {"?cursor": "cursor"}

    def test_costs_the_same_however_much_happened(
        self, api: ApiClient, busy: dict[str, Any], statements: Statements
    ) -> None:
        timeline(api, busy, limit=2)
        statements.clear()
        timeline(api, busy, limit=2)
        before = len(statements.reads)
        for number in range(10):
            note(api, busy, f"Note {number}")
        statements.clear()
        timeline(api, busy, limit=2)
        assert len(statements.reads) == before

    def test_is_for_who_may_see_the_lead(
        self, agency: AgencyUnderTest, other_agency: AgencyUnderTest, busy: dict[str, Any]
    ) -> None:
        for stranger in (agency.member("agent", team="Asia"), other_agency.member("owner")):
            assert problem(stranger.get(f"/leads/{busy['id']}/timeline")) == (404, "not_found")
        accountant = agency.member("accountant")
        assert "task" not in {each["kind"] for each in timeline(accountant, busy)["items"]}


class TestOtherPlugins:
    @pytest.fixture
    def quotes(self, app: Application) -> Iterator[UUID]:
        """A plugin that has sent a quote, and says so whatever it is asked."""
        sent = ids.new()

        @hookimpl
        def leads_timeline(asked: Asked) -> list[TimelineEntry]:
            at = datetime(2027, 5, 10, 9, 2, 30, tzinfo=UTC)
            return [TimelineEntry("quotes.sent", sent, at, "Quote 1", None, None, None, None, {"number": 1})]

        plugin = ModuleType("quotes")
        vars(plugin)["leads_timeline"] = leads_timeline
        with app.app_context():
            relay = installed().relay
        relay.register(plugin)
        yield sent
        relay.unregister(plugin)

    def test_bring_entries_of_their_own(self, api: ApiClient, busy: dict[str, Any], quotes: UUID) -> None:
        kinds = [each["kind"] for each in timeline(api, busy)["items"]]
        assert kinds == ["status", "file", "task", "quotes.sent", "call", "note", "status"]
        assert [each["id"] for each in timeline(api, busy, kinds="quotes.sent")["items"]] == [str(quotes)]
        assert "quotes.sent" not in [each["kind"] for each in timeline(api, busy, kinds="note")["items"]]
        first = timeline(api, busy, limit=4)
        rest = timeline(api, busy, limit=4, cursor=first["next"])
        assert [each["kind"] for each in rest["items"]] == ["call", "note", "status"]


class TestEditHistory:
    def test_a_note_keeps_what_it_said(self, clock: Any, api: ApiClient, enquire: Enquire) -> None:
        lead = enquire()
        written = note(api, lead, "Tow rooms")
        path = f"/leads/{lead['id']}/notes/{written['id']}"
        assert written["edited_at"] is None
        ok(api.patch(path, {"text": "Two rooms"}, version=1))
        clock.shift(60)
        changed = ok(api.patch(path, {"text": "Two quiet rooms"}, version=2))
        pinned = ok(api.patch(path, {"pinned": True, "text": changed["text"]}, version=3))
        said = ok(api.get(f"{path}/versions"))["items"]
        assert [each["text"] for each in said] == ["Two rooms", "Tow rooms"]
        assert said[1]["written_at"] == written["created_at"]
        assert pinned["edited_at"] == changed["edited_at"] is not None
        assert timeline(api, lead, kinds="note")["items"][0]["data"] == {"pinned": True, "edited": True}

    def test_what_it_said_is_for_who_may_see_the_lead(
        self, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire
    ) -> None:
        lead = enquire()
        path = f"/leads/{lead['id']}/notes/{note(api, lead, 'Here')['id']}/versions"
        assert problem(agency.member("agent", team="Asia").get(path)) == (404, "not_found")


class TestAttachments:
    def test_are_listed_handed_out_and_removed(self, api: ApiClient, enquire: Enquire) -> None:
        lead = enquire()
        attached = ok(attach(api, lead), 201)
        path = f"/leads/{lead['id']}/attachments"
        assert ok(api.get(path))["items"] == [attached]
        link = ok(api.get(f"{path}/{attached['id']}"))
        assert (link["name"], link["size"]) == ("passport.pdf", len(PDF))
        ok(api.delete(f"{path}/{attached['id']}", version=1), 204)
        assert ok(api.get(path))["items"] == []
        assert problem(api.get(f"{path}/{attached['id']}")) == (404, "not_found")

    def test_of_others_are_removed_with_a_permission(
        self, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire
    ) -> None:
        agent = agency.member("agent", team="Asia")
        lead = enquire(by=agent)
        attached = ok(attach(api, lead), 201)
        path = f"/leads/{lead['id']}/attachments/{attached['id']}"
        assert problem(agent.delete(path, version=1)) == (403, "forbidden")
        ok(api.delete(path, version=1), 204)

    def test_belong_to_their_lead(self, api: ApiClient, enquire: Enquire) -> None:
        one, other = enquire(), enquire()
        attached = ok(attach(api, one), 201)
        assert problem(api.get(f"/leads/{other['id']}/attachments/{attached['id']}")) == (404, "not_found")


class TestErasing:
    def test_takes_files_and_what_notes_said(self, app: Application, api: ApiClient, enquire: Enquire) -> None:
        lead = enquire()
        attached = ok(attach(api, lead), 201)
        path = f"/leads/{lead['id']}/notes/{note(api, lead, 'He is ill')['id']}"
        ok(api.patch(path, {"text": "He is well"}, version=1))
        person = privacy.Subject(kind=privacy.CONTACT, id=UUID(lead["contact_id"]))
        with app.app_context(), unit_of_work(), acting_as(system(api.agency_id)):
            told = {each.table for each in erasure.held(person)}
            assert {"leads_note_version", "leads_attachment"} <= told
            rows = {each.table: each.rows for each in erasure.erase(person)}
            assert (rows["leads_note_version"], rows["leads_attachment"]) == (1, 1)
            assert {each.table for each in erasure.held(person)} & {"leads_note_version", "leads_attachment"} == set()
        assert ok(api.get(f"{path}/versions"))["items"] == []
        assert problem(api.get(f"/leads/{lead['id']}/attachments/{attached['id']}")) == (404, "not_found")
