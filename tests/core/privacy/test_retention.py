"""Retention: what an agency has kept for long enough goes, except about people on hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from core import ids
from core.http import gates
from core.privacy import jobs, keeping
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from tests.core.privacy.conftest import Within
from tests.core.privacy.people import Database, Person


@pytest.fixture
def rule(api: ApiClient) -> Callable[[str], dict[str, Any]]:
    """What the agency is told about a rule."""

    def find(name: str) -> dict[str, Any]:
        items: list[dict[str, Any]] = ok(api.get("/privacy/retention"))["items"]
        return {each["name"]: each for each in items}[name]

    return find


@pytest.fixture
def lost(api: ApiClient, client: Person, database: Database) -> Person:
    """A client whose lead was lost a year ago."""
    database.connection.execute(
        "UPDATE leads_lead SET status = 'lost', status_since = now() - interval '365 days' WHERE id = %s",
        [client.known["lead_id"]],
    )
    return client


def forecast(api: ApiClient, name: str) -> int:
    """How many rows a rule would remove."""
    found: int = {each["name"]: each["rows"] for each in ok(api.post("/privacy/forecast"))["items"]}[name]
    return found


class TestARule:
    def test_is_off_or_on_as_its_plugin_says_until_the_agency_chooses(
        self, api: ApiClient, rule: Callable[[str], dict[str, Any]]
    ) -> None:
        assert (rule("leads.lost")["days"], rule("notifications.read")["days"]) == (None, 90)
        ok(api.patch("/privacy/retention/leads.lost", {"days": 180}))
        ok(api.patch("/privacy/retention/notifications.read", {"days": None}))
        assert (rule("leads.lost")["days"], rule("notifications.read")["days"]) == (180, None)
        assert rule("notifications.read")["default_days"] == 90

    def test_takes_a_fresh_proof_to_change(self, api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(gates, "PROOF_HOLDS", timedelta(0))
        answer = api.patch("/privacy/retention/leads.lost", {"days": 30})
        assert problem(answer) == (401, "step_up_required")
        answer = api.post(f"/privacy/holds/{ids.new()}/release", version=1)
        assert problem(answer) == (401, "step_up_required")

    def test_has_limits(self, api: ApiClient) -> None:
        assert faults(api.patch("/privacy/retention/leads.lost", {"days": 29})) == {"/days": "range"}
        assert faults(api.patch("/privacy/retention/privacy.answers", {"days": None})) == {"/days": "fixed"}
        assert api.patch("/privacy/retention/no.such", {"days": 30}).status_code == 404

    def test_of_one_agency_is_not_anothers(self, api: ApiClient, other_agency: AgencyUnderTest) -> None:
        ok(api.patch("/privacy/retention/leads.lost", {"days": 180}))
        items = ok(other_agency.member("owner").get("/privacy/retention"))["items"]
        assert {each["name"]: each["days"] for each in items}["leads.lost"] is None


class TestTheNight:
    def test_anonymises_lost_leads_after_their_time_alone(
        self, api: ApiClient, agency: AgencyUnderTest, lost: Person, database: Database, within: Within,
        work_off: Callable[[], list[str]],
    ) -> None:  # fmt: skip
        with within(agency.id):
            jobs.apply_retention()
        assert work_off() == []
        assert "leads_lead" in database.places_of(lost.marker), "Nobody has said how long they are kept"
        ok(api.patch("/privacy/retention/leads.lost", {"days": 180}))
        assert forecast(api, "leads.lost") == 1
        with within(agency.id):
            jobs.apply_retention()
        assert work_off() == []
        left = {table for table in database.places_of(lost.marker) if table.startswith("leads_")}
        assert left == set()
        assert "contacts_contact" in database.places_of(lost.marker)
        assert forecast(api, "leads.lost") == 0

    def test_leaves_people_on_hold_alone(
        self, api: ApiClient, agency: AgencyUnderTest, lost: Person, database: Database, within: Within
    ) -> None:
        subject = {"kind": "contacts.contact", "id": str(lost.known["contact_id"])}
        ok(api.post("/privacy/holds", {"subject": subject, "reason": "A claim in court"}), 201)
        ok(api.patch("/privacy/retention/leads.lost", {"days": 180}))
        assert forecast(api, "leads.lost") == 0
        with within(agency.id):
            assert not keeping.apply("leads.lost")
        assert "leads_lead" in database.places_of(lost.marker)

    def test_removes_answers_and_exports_that_are_over(
        self, api: ApiClient, agency: AgencyUnderTest, client: Person, database: Database, within: Within,
        work_off: Callable[[], list[str]],
    ) -> None:  # fmt: skip
        subject = {"kind": "contacts.contact", "id": str(client.known["contact_id"])}
        made = ok(api.post("/privacy/exports", {"subject": subject}), 202)
        assert work_off() == []
        database.connection.execute("UPDATE core_privacy_request SET finished_at = now() - interval '8 days'")
        database.connection.execute("UPDATE core_idempotency SET created_at = now() - interval '2 days'")
        with within(agency.id):
            assert not keeping.apply("privacy.exports")
            assert not keeping.apply("privacy.answers")
        assert api.post(f"/privacy/requests/{made['id']}/bundle").status_code == 409
        assert "core_idempotency" not in database.places_of(client.marker)

    def test_goes_on_in_another_run_where_there_is_much(
        self, agency: AgencyUnderTest, client: Person, database: Database, within: Within,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        monkeypatch.setattr(keeping, "BATCH", 2)
        monkeypatch.setattr(keeping, "ROUNDS", 2)
        for _ in range(6):
            database.add("core_idempotency", client)
        database.connection.execute(
            "UPDATE core_idempotency SET created_at = now() - interval '2 days' WHERE agency_id = %s", [agency.id]
        )
        with within(agency.id):
            assert keeping.apply("privacy.answers")
        with within(agency.id):
            assert not keeping.apply("privacy.answers")
