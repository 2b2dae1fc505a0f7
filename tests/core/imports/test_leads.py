"""Leads from files: with the contact that the row tells of, and without disturbing everybody they come to."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.events.event import revive
from core.events.models import EventEntry
from core.extensions import db
from core.plugins.manager import installed
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from tests.core.imports.bringing import LEADS, Bringing

HEADINGS = ("Client", "E-mail", "Destination", "Travel date", "Budget", "Currency", "Tags", "Notes")
ANA = ("Ana Duarte", "ana@example.com", "Kenya, Zanzibar", "04/03/2027", "12,500.50", "USD", "honeymoon", "By the sea")
BEN = ("Ben Okri", "ben@example.com", "Peru", "2027-05-01", "", "", "", "")


def leads_of(api: ApiClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ok(api.get("/leads?sort=created_at&limit=200"))["items"]
    return found


class TestLeads:
    def test_come_in_with_their_contacts_and_go_with_them(self, bringing: Bringing) -> None:
        import_id = bringing.brought_in([HEADINGS, ANA, BEN], entity=LEADS)
        first, second = leads_of(bringing.api)
        assert (first["contact_name"], first["destinations"]) == ("Ana Duarte", ["Kenya", "Zanzibar"])
        assert (first["start_date"], first["budget"]) == ("2027-03-04", {"amount": "12500.50", "currency": "USD"})
        assert first["tags"] == ["honeymoon"]
        notes = ok(bringing.api.get(f"/leads/{first['id']}/notes"))["items"]
        assert [note["text"] for note in notes] == ["By the sea"]
        assert (second["contact_name"], second["budget"]) == ("Ben Okri", None)
        assert second["owner_id"] == str(bringing.api.user_id)
        made = bringing.do(import_id, "revert")
        assert (made["reverted"], made["kept"]) == (2, 0)
        assert leads_of(bringing.api) == []
        assert ok(bringing.api.get("/contacts"))["items"] == []

    def test_are_of_the_contact_who_is_there(self, bringing: Bringing) -> None:
        draft = {"name": "Ana Duarte", "emails": [{"address": "ana@example.com"}]}
        known = ok(bringing.api.post("/contacts", draft), 201)["id"]
        twice = (*ANA[:2], "Japan", "2028-01-01", *ANA[4:])
        import_id = bringing.brought_in([HEADINGS, ANA, twice], entity=LEADS)
        assert [each["contact_id"] for each in leads_of(bringing.api)] == [known, known]
        bringing.do(import_id, "revert")
        assert [each["id"] for each in ok(bringing.api.get("/contacts"))["items"]] == [known]

    def test_of_a_file_that_comes_twice_are_left_out(self, bringing: Bringing) -> None:
        bringing.brought_in([HEADINGS, ANA, BEN], entity=LEADS)
        again = bringing.do(bringing.uploaded([HEADINGS, ANA, BEN], entity=LEADS), "check")
        assert (again["good"], again["duplicates"]) == (0, 2)

    def test_of_one_client_in_one_file_are_told_as_the_run_finds_them(self, bringing: Bringing) -> None:
        near = (*ANA[:3], "2027-03-06", *ANA[4:])
        import_id = bringing.uploaded([HEADINGS, ANA, near, BEN], entity=LEADS)
        made = bringing.do(import_id, "check")
        assert (made["good"], made["duplicates"]) == (2, 1)
        made = bringing.do(import_id, "run")
        assert (made["created"], made["duplicates"]) == (2, 1)
        assert bringing.rows(import_id, state="duplicate")[0]["duplicate_line"] == 2

    def test_get_what_is_said_for_all_of_them(self, bringing: Bringing, agency: AgencyUnderTest) -> None:
        eva = agency.newcomer("agent")
        email = ok(eva.get("/auth/me"))["user"]["email"]
        defaults = {"owner_id": email, "source": "trade_fair", "tags": "fair"}
        bringing.brought_in([HEADINGS, BEN], entity=LEADS, defaults=defaults)
        [lead] = leads_of(bringing.api)
        assert (lead["owner_id"], lead["source"], lead["tags"]) == (str(eva.user_id), "trade_fair", ["fair"])

    def test_of_nobody_have_no_owner(self, bringing: Bringing) -> None:
        bringing.brought_in([HEADINGS, BEN], entity=LEADS, defaults={"owner_id": None, "team_id": None})
        [lead] = leads_of(bringing.api)
        assert lead["owner_id"] is None

    def test_tell_owners_once_for_all_of_them(self, bringing: Bringing, agency: AgencyUnderTest) -> None:
        eva = agency.newcomer("agent")
        import_id = bringing.brought_in([HEADINGS, ANA, BEN], entity=LEADS, defaults={"owner_id": str(eva.user_id)})
        told: dict[str, list[Any]] = {"leads.assigned": [], "imports.brought_in": []}
        with bringing.api.app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            entries = db.session.scalars(select(EventEntry)).all()
            events = [revive(each.name, each.schema_version, each.payload) for each in entries]
            assert {each.request_id for each in entries if each.name == "leads.lead_created"} == {f"import:{import_id}"}
            for plugin in installed().plugins.values():
                for notice in plugin.notices:
                    for event in events:
                        if notice.name in told and isinstance(event, notice.events):
                            told[notice.name] += notice.recipients(event)
        assert told == {"leads.assigned": [], "imports.brought_in": [eva.user_id]}

    def test_tell_every_fault_of_a_row(self, bringing: Bringing) -> None:
        headings = ("Client", "E-mail", "start_date", "end_date", "adults", "owner_id", "board", "phone", "tags")
        wrong = ("Ana", "nowhere", "31/02/2027", "yesterday", "many", "stranger@example.com", "XX", "123", "a" * 41)
        import_id = bringing.uploaded([headings, wrong], entity=LEADS)
        bringing.do(import_id, "check")
        [row] = bringing.rows(import_id)
        found = {fault["column"]: fault["code"] for fault in row["faults"]}
        assert found == {
            "contact_email": "pattern",
            "start_date": "date",
            "end_date": "date",
            "adults": "number",
            "owner_id": "unknown",
            "board": "choice",
            "contact_phone": "phone",
            "tags": "length",
        }

    @pytest.mark.parametrize("at", ["14/05/2027 25:00", "14/05/2027 09:60", "2027-05-14 24:30"])
    def test_tell_a_time_that_no_day_has(self, bringing: Bringing, at: str) -> None:
        import_id = bringing.uploaded([("Client", "next_action_at"), ("Ana", at)], entity=LEADS)
        bringing.do(import_id, "check")
        [row] = bringing.rows(import_id)
        assert {fault["column"]: fault["code"] for fault in row["faults"]} == {"next_action_at": "date"}

    def test_tell_an_instant_that_is_none_in_utc(self, bringing: Bringing) -> None:
        rows = [("Client", "next_action_at"), ("Ana", "9999-12-31T23:59:59-12:00")]
        import_id = bringing.uploaded(rows, entity=LEADS)
        bringing.do(import_id, "check")
        [row] = bringing.rows(import_id)
        assert {fault["column"]: fault["code"] for fault in row["faults"]} == {"next_action_at": "date"}

    def test_that_were_exported_come_back(self, bringing: Bringing, other_agency: AgencyUnderTest) -> None:
        bringing.brought_in([HEADINGS, ANA, BEN], entity=LEADS)
        exported = bringing.api.post("/leads/export?form=csv", headers={"Accept": "*/*"})
        assert exported.status_code == 200, exported.get_data(as_text=True)
        there = Bringing(other_agency.member("owner"), bringing.worker)
        import_id = ok(there.upload(exported.data, entity=LEADS), 201)["id"]
        there.change(import_id, options={"defaults": {}})
        owners = {"owner_id", "team_id"}
        mapped = [None if each["column"] in owners else each["column"] for each in there.show(import_id)["columns"]]
        there.change(import_id, mapping=mapped)
        made = there.do(import_id, "check")
        assert (made["good"], made["faulty"]) == (2, 0), there.rows(import_id)
        there.do(import_id, "run")
        back = {each["contact_name"]: each for each in leads_of(there.api)}
        for lead in leads_of(bringing.api):
            found = back[lead["contact_name"]]
            for name in ("destinations", "start_date", "budget", "tags", "source", "kind"):
                assert found[name] == lead[name], name
