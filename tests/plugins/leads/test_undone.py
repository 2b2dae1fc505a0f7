"""What is merged and taken apart again is as it was: every row of both plugins, whatever was merged."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.extensions import db
from core.http.application import Application
from core.testing.clients import ApiClient, ok
from plugins.contacts.service.merging import FIELDS as OF_CONTACTS
from plugins.leads.service.merging import FIELDS as OF_LEADS

TABLES = (
    "contacts_contact",
    "contacts_email",
    "contacts_phone",
    "contacts_merge",
    "contacts_distinct",
    "leads_lead",
    "leads_tag",
    "leads_note",
    "leads_call",
    "leads_status_change",
    "leads_merge",
    "leads_distinct",
    "core_custom_value",
    "core_search_token",
)
# That something was changed and changed back is no secret; a ciphertext never is the same twice.
APART = {"version", "updated_at", "restrictions"}
NAMES = st.sampled_from(["Ana Duarte", "A. Duarte", "Bea Müller", "Иван Петров"])
SIDES = st.sampled_from(["target", "other"])
ADDRESSES: list[dict[str, str]] = [{"address": f"{name}@example.com"} for name in "abc"]
Strategies = dict[str, st.SearchStrategy[Any]]
NAMED: Strategies = {"name": NAMES}
OF_A_CONTACT: Strategies = {
    "given_name": st.sampled_from(["Ana", "Bea"]),
    "language": st.sampled_from(["en", "pt"]),
    "zone": st.sampled_from(["UTC", "Europe/Lisbon"]),
    "country": st.sampled_from(["PT", "GB"]),
    "note": st.sampled_from(["Likes trains.", "Vegetarian."]),
    "emails": st.lists(st.sampled_from(ADDRESSES), max_size=3, unique_by=lambda each: each["address"]),
    "phones": st.lists(st.sampled_from([{"number": "+351912345678", "label": "work"}]), max_size=1),
}
CONTACT: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(NAMED, optional=OF_A_CONTACT)
OF_A_LEAD: Strategies = {
    "destinations": st.lists(st.sampled_from(["Kenya", "Peru", "Japan"]), max_size=2, unique=True),
    "start_date": st.sampled_from(["2027-07-01", "2027-07-05"]),
    "adults": st.integers(1, 4),
    "children_ages": st.lists(st.integers(0, 17), max_size=2),
    "budget": st.sampled_from([{"amount": "5000", "currency": "EUR"}, {"amount": "900000", "currency": "JPY"}]),
    "utm": st.just({"utm_source": "newsletter"}),
    "restrictions": st.sampled_from(["No nuts.", "No fish."]),
    "tags": st.lists(st.sampled_from(["beach", "honeymoon", "vip"]), max_size=3, unique=True),
    "note": st.just("They called."),
    "next_action_at": st.just("2027-01-05T09:00:00Z"),
    "probability": st.integers(0, 100),
}
NOTHING: Strategies = {}
LEAD: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(NOTHING, optional=OF_A_LEAD)


def chosen(names: tuple[str, ...]) -> st.SearchStrategy[dict[str, str]]:
    return st.dictionaries(st.sampled_from(names), SIDES, max_size=6)


def rows(app: Application, api: ApiClient) -> dict[str, list[dict[str, Any]]]:
    """Every row of the agency, but what changes with any change."""
    found = {}
    with app.app_context(), unit_of_work(), acting_as(system(api.agency_id)):
        for table in TABLES:
            every = db.session.connection().execute(text(f"select to_jsonb(t) from {table} t"))
            kept = [{key: value for key, value in row.items() if key not in APART} for (row,) in every]
            found[table] = sorted(kept, key=repr)
    return found


def merged(api: ApiClient, kind: str, into: dict[str, Any], other: dict[str, Any], fields: dict[str, str]) -> Any:
    versions = [ok(api.get(f"/{kind}/{each['id']}"))["version"] for each in (into, other)]
    body = {"other_id": other["id"], "other_version": versions[1], "fields": fields}
    return api.post(f"/{kind}/{into['id']}/merge", body, version=versions[0])


EXAMPLES = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@EXAMPLES
@given(CONTACT, CONTACT, LEAD, chosen(OF_CONTACTS))
def test_contacts_and_their_leads_are_as_they_were(
    app: Application,
    api: ApiClient,
    one: dict[str, Any],
    two: dict[str, Any],
    wish: dict[str, Any],
    fields: dict[str, str],
) -> None:
    into = ok(api.post("/contacts", one), 201)
    lead = ok(api.post("/leads", {**wish, "contact": two}), 201)
    other = ok(api.get(f"/contacts/{lead['contact_id']}"))
    before = rows(app, api)
    made = ok(merged(api, "contacts", into, other, fields))
    assert rows(app, api) != before
    ok(api.post(f"/contacts/merges/{made['id']}/undo"))
    assert rows(app, api) == before
    assert ok(api.get(f"/leads/{lead['id']}"))["restrictions"] == wish.get("restrictions")


@EXAMPLES
@given(LEAD, LEAD, chosen(OF_LEADS))
def test_leads_are_as_they_were(
    app: Application, api: ApiClient, one: dict[str, Any], two: dict[str, Any], fields: dict[str, str]
) -> None:
    ana = ok(api.post("/contacts", {"name": "Ana"}), 201)["id"]
    into, other = (ok(api.post("/leads", {**wish, "contact_id": ana}), 201) for wish in (one, two))
    before = rows(app, api)
    made = ok(merged(api, "leads", into, other, fields))
    assert rows(app, api) != before
    ok(api.post(f"/leads/merges/{made['id']}/undo"))
    assert rows(app, api) == before
    for lead, wish in ((into, one), (other, two)):
        assert ok(api.get(f"/leads/{lead['id']}"))["restrictions"] == wish.get("restrictions")
