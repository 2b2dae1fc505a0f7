"""What travellers cannot eat or do: encrypted, and only for those who may see it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text

from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.extensions import db
from core.http.application import Application
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from core.vault import keys as vault_keys


class TestRestrictions:
    def test_are_read_by_who_may_see_them(self, agency: AgencyUnderTest, api: ApiClient) -> None:
        lead = ok(api.post("/leads", {"contact": {"name": "Ana"}, "restrictions": "Coeliac"}), 201)
        assert lead["restrictions"] == "Coeliac"
        shown = api.get(f"/leads/{lead['id']}")
        assert (ok(shown)["restrictions"], shown.headers["Cache-Control"]) == ("Coeliac", "no-store")
        assert "restrictions" not in ok(agency.member("accountant").get(f"/leads/{lead['id']}"))

    def test_can_be_changed_and_taken_away(self, api: ApiClient) -> None:
        lead = ok(api.post("/leads", {"contact": {"name": "Ana"}, "restrictions": "Coeliac"}), 201)
        for wanted in ("Vegan", None):
            shown = ok(api.patch(f"/leads/{lead['id']}", {"restrictions": wanted}, version="*"))
            assert shown["restrictions"] == wanted

    def test_go_with_the_lead_to_another_contact(self, api: ApiClient) -> None:
        lead = ok(api.post("/leads", {"contact": {"name": "Ana"}, "restrictions": "Coeliac"}), 201)
        other = ok(api.post("/contacts", {"kind": "person", "name": "Bea"}), 201)
        ok(api.patch(f"/leads/{lead['id']}", {"contact_id": other["id"]}, version="*"))
        assert ok(api.get(f"/leads/{lead['id']}"))["restrictions"] == "Coeliac"

    def test_are_encrypted_in_the_database(self, app: Application, agency: AgencyUnderTest, api: ApiClient) -> None:
        lead = ok(api.post("/leads", {"contact": {"name": "Ana"}, "restrictions": "Coeliac"}), 201)
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            stored = db.session.scalar(text("SELECT restrictions FROM leads_lead WHERE id = :id"), {"id": lead["id"]})
        assert stored
        assert "Coeliac" not in stored

    def test_that_nobody_can_open_any_more_are_marked_and_the_lead_is_shown(
        self, app: Application, agency: AgencyUnderTest, api: ApiClient
    ) -> None:
        lead = ok(api.post("/leads", {"contact": {"name": "Ana"}, "restrictions": "Coeliac"}), 201)
        other = ok(api.post("/leads", {"contact": {"name": "Bea"}, "restrictions": "Vegan"}), 201)
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            lost = text("UPDATE core_data_key SET kek_id = gen_random_uuid() WHERE subject_id = :id")
            db.session.execute(lost, {"id": lead["contact_id"]})
            vault_keys.cache().drop(agency.id, vault_keys.Person("contacts.contact", UUID(lead["contact_id"])))
        shown = ok(api.get(f"/leads/{lead['id']}"))
        assert (shown["unreadable"], shown["reference"]) == (["restrictions"], lead["reference"])
        # Null would say that there are none.
        assert "restrictions" not in shown
        changed = ok(api.patch(f"/leads/{lead['id']}", {"adults": 3}, version="*"))
        assert (changed["adults"], changed["unreadable"]) == (3, ["restrictions"])
        assert "unreadable" not in ok(agency.member("accountant").get(f"/leads/{lead['id']}"))
        assert [each["id"] for each in ok(api.get("/leads"))["items"]] == [other["id"], lead["id"]]
        assert "unreadable" not in ok(api.get(f"/leads/{other['id']}"))

    def test_whose_text_was_tampered_with_are_marked_as_well(
        self, app: Application, agency: AgencyUnderTest, api: ApiClient
    ) -> None:
        lead = ok(api.post("/leads", {"contact": {"name": "Ana"}, "restrictions": "Coeliac"}), 201)
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            spoiled = text("UPDATE leads_lead SET restrictions = restrictions || 'AAAA' WHERE id = :id")
            db.session.execute(spoiled, {"id": lead["id"]})
        assert ok(api.get(f"/leads/{lead['id']}"))["unreadable"] == ["restrictions"]
