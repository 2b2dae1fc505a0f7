"""Values of an agency's own fields are told and erased with the leads and contacts they are of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from core import clock
from core.custom_fields.personal import KEPT
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from plugins.leads.service import erasure
from tests.core.custom_fields.made import field
from tests.core.privacy.conftest import Within
from tests.core.privacy.people import Database, Person, subject_of


@pytest.fixture
def known(api: ApiClient, client: Person) -> Person:
    """A client of whom the agency's own fields say something, in their lead and contact."""
    field(api, "diet", "text", seen_by="restricted")
    field(api, "born", "date", "contacts.contact")
    field(api, "market", "text", personal=False)
    lead = {"custom_fields": {"diet": f"{client.marker} eats no fish", "market": "Nordics"}}
    ok(api.patch(f"/leads/{client.known['lead_id']}", lead, version="*"))
    contact = {"custom_fields": {"born": "1971-03-09"}}
    ok(api.patch(f"/contacts/{client.known['contact_id']}", contact, version="*"))
    return client


def test_the_persons_export_tells_them(api: ApiClient, known: Person, work_off: Callable[[], list[str]]) -> None:
    made = ok(api.post("/privacy/exports", {"subject": subject_of(known)}), 202)
    assert work_off() == []
    text = str(ok(api.post(f"/privacy/requests/{made['id']}/bundle")))
    assert all(each in text for each in (f"{known.marker} eats no fish", "1971-03-09", "Nordics", "diet"))


def test_an_erasure_leaves_only_what_tells_nothing_about_people(
    api: ApiClient, known: Person, database: Database, erase: Callable[[dict[str, str]], dict[str, Any]]
) -> None:
    assert "core_custom_value" in database.places_of(known.marker)
    shown = erase(subject_of(known))
    assert shown["state"] == "done"
    assert database.places_of(known.marker, "1971-03-09") == set()
    assert ok(api.get(f"/leads/{known.known['lead_id']}"))["custom_fields"] == {"market": "Nordics"}
    mine = {
        (each["rows"], each["kept"]) for each in shown["manifest"]["outcomes"] if each["table"] == "core_custom_value"
    }
    assert mine == {(2, ""), (1, KEPT)}


def test_a_lead_that_was_lost_long_ago_loses_them(
    agency: AgencyUnderTest, api: ApiClient, known: Person, database: Database, within: Within
) -> None:
    database.connection.execute(
        "UPDATE leads_lead SET status = 'lost', status_since = now() - interval '365 days' WHERE id = %s",
        [known.known["lead_id"]],
    )
    before = clock.now() - timedelta(days=100)
    with within(agency.id):
        assert erasure.forget_lost(before, 100) == 1
    own = {"custom_fields": {"diet": f"{known.marker} came back"}}
    ok(api.patch(f"/leads/{known.known['lead_id']}", own, version="*"))
    with within(agency.id):
        assert erasure.count_lost(before) == 1
        assert erasure.forget_lost(before, 100) == 1
        assert erasure.count_lost(before) == 0
    assert ok(api.get(f"/leads/{known.known['lead_id']}"))["custom_fields"] == {"market": "Nordics"}
