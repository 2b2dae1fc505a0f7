"""Retention: what an agency has kept for long enough goes, except about people on hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from core import clock, ids
from core.http import gates
from core.privacy import jobs, keeping
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from tests.core.privacy.conftest import Within
from tests.core.privacy.people import Database, Person, subject_of


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


@pytest.fixture
def choose(api: ApiClient, database: Database) -> Callable[[str, int], None]:
    """Has the agency choose how long something is kept, a day ago."""

    def run(name: str, days: int) -> None:
        ok(api.patch(f"/privacy/retention/{name}", {"days": days}))
        database.connection.execute("UPDATE core_retention_choice SET since = now() - interval '1 hour'")

    return run


def forecast(api: ApiClient, name: str) -> int:
    """How many rows a rule would remove."""
    found: int = {each["name"]: each["rows"] for each in ok(api.post("/privacy/forecast"))["items"]}[name]
    return found


class TestARule:
    def test_is_off_or_on_as_its_plugin_says_until_the_agency_chooses(
        self, api: ApiClient, rule: Callable[[str], dict[str, Any]], choose: Callable[[str, int], None]
    ) -> None:
        assert (rule("leads.lost")["days"], rule("notifications.read")["days"]) == (None, 90)
        choose("leads.lost", 180)
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
        assert faults(api.patch("/privacy/retention/leads.lost", {"days": 29})) == {"/days": "value"}
        assert faults(api.patch("/privacy/retention/privacy.answers", {"days": None})) == {"/days": "fixed"}
        assert api.patch("/privacy/retention/no.such", {"days": 30}).status_code == 404

    def test_of_one_agency_is_not_anothers(self, api: ApiClient, other_agency: AgencyUnderTest) -> None:
        ok(api.patch("/privacy/retention/leads.lost", {"days": 180}))
        items = ok(other_agency.member("owner").get("/privacy/retention"))["items"]
        assert {each["name"]: each["days"] for each in items}["leads.lost"] is None

    def test_is_shorter_after_a_day_and_longer_at_once(
        self, api: ApiClient, agency: AgencyUnderTest, lost: Person, database: Database, within: Within,
        rule: Callable[[str], dict[str, Any]], choose: Callable[[str, int], None],
    ) -> None:  # fmt: skip
        """Whoever did not mean it, or finds that somebody else did, still has a day to take it back."""
        shown = ok(api.patch("/privacy/retention/leads.lost", {"days": 30}))
        assert (shown["days"], shown["coming_days"]) == (None, 30)
        assert datetime.fromisoformat(shown["coming_at"]) - clock.now() > timedelta(hours=23)
        assert forecast(api, "leads.lost") == 1
        with within(agency.id):
            assert not keeping.apply("leads.lost")
            assert "leads.lost" not in keeping.in_effect()
        assert "leads_lead" in database.places_of(lost.marker)
        ok(api.patch("/privacy/retention/leads.lost", {"days": None}))
        assert (rule("leads.lost")["days"], rule("leads.lost")["coming_at"]) == (None, None)
        choose("leads.lost", 180)
        ok(api.patch("/privacy/retention/leads.lost", {"days": 60}))
        shown = ok(api.patch("/privacy/retention/leads.lost", {"days": 90}))
        assert (shown["days"], shown["coming_days"]) == (180, 90), "What was never in effect is not what it was before"
        shown = ok(api.patch("/privacy/retention/leads.lost", {"days": 400}))
        assert (shown["days"], shown["coming_days"]) == (400, None)
        [fact, *_] = ok(api.get("/audit?name=privacy.retention_changed"))["items"]
        assert (fact["payload"]["days"], "since" in fact["payload"]) == (400, True)


def merge_others_into(api: ApiClient, client: Person) -> None:
    """Make one of two clients, and twice of two leads."""
    other = ok(api.post("/contacts", {"kind": "person", "name": "Ana, too"}), 201)
    body = {"other_id": other["id"], "other_version": other["version"]}
    ok(api.post(f"/contacts/{client.known['contact_id']}/merge", body, version="*"))
    contact_id = str(client.known["contact_id"])
    first, second, third = (
        ok(api.post("/leads", {"contact_id": contact_id, "kind": "fit", "source": "phone"}), 201) for _ in range(3)
    )
    # Two of leads that differ: of one that is lost the merge goes with the lead.
    for lead_id, other in ((str(client.known["lead_id"]), first), (second["id"], third)):
        body = {"other_id": other["id"], "other_version": other["version"]}
        ok(api.post(f"/leads/{lead_id}/merge", body, version="*"))


class TestEveryRule:
    @pytest.fixture
    def old(self, agency: AgencyUnderTest, api: ApiClient, lost: Person, database: Database) -> tuple[Person, Person]:
        """A client and a colleague about whom every rule would remove something."""
        merge_others_into(api, lost)
        colleague = Person(agency.id, user_id=agency.newcomer("agent").user_id or ids.new())
        endpoint, client_id = ids.new(), lost.known["contact_id"]
        long_ago = clock.now() - timedelta(days=20_000)
        database.connection.execute("UPDATE leads_lead SET status_since = %s", [long_ago])
        database.add("capture_submission", lost, state="spam", payload=None)
        for table in ("contacts_merge", "leads_merge", "capture_submission", "core_import"):
            database.connection.execute(f"UPDATE {table} SET created_at = %s", [long_ago])
        database.add("webhooks_endpoint", lost, id=endpoint, deleted_at=None)
        for person, kind in ((lost, "contacts.contact"), (colleague, "users.user")):
            person_id = client_id if person is lost else person.known["user_id"]
            said = f'{{"id": "{person_id}", "said": "{person.marker}"}}'
            database.add("webhooks_delivery", person, endpoint_id=endpoint, body=said, finished_at=long_ago)
            database.add("core_idempotency", person, body=said.encode(), created_at=long_ago)
            database.add("core_privacy_request", person, subject=kind, subject_id=person_id,
                         bundle=person.marker, finished_at=long_ago)  # fmt: skip
        database.add("core_idempotency", colleague, principal=str(colleague.known["user_id"]), created_at=long_ago)
        database.add("notifications_notification", colleague, words=f'{{"who": "{colleague.marker}"}}',
                     read_at=long_ago)  # fmt: skip
        event_id = ids.first_at(long_ago)
        database.add("core_event", colleague, id=event_id, seq=900_000, actor_id=colleague.known["user_id"])
        database.add("core_event_origin", colleague, event_id=event_id)
        return lost, colleague

    def test_leaves_people_on_hold_alone(
        self, api: ApiClient, agency: AgencyUnderTest, old: tuple[Person, Person], database: Database, within: Within
    ) -> None:
        """Whatever rule of whatever plugin: one that is added later is asked here by itself, as late as it may be."""
        holds = [
            ok(api.post("/privacy/holds", {"subject": subject_of(person), "reason": "A claim in court"}), 201)
            for person in old
        ]
        said = [database.counts(person.marker) for person in old]
        assert set(self.removed(agency, within).values()) == {0}
        assert [database.counts(person.marker) for person in old] == said
        for hold in holds:
            ok(api.post(f"/privacy/holds/{hold['id']}/release", version=1))
        removed = self.removed(agency, within)
        assert min(removed.values()) > 0, f"There is nothing a rule would have removed: {removed}"

    def removed(self, agency: AgencyUnderTest, within: Within) -> dict[str, int]:
        """How many rows each rule removes, having said before how many that would be."""
        found = {}
        with within(agency.id):
            for name, rule in keeping.rules().items():
                before = clock.now() - timedelta(days=rule.most)
                told = rule.count(before)
                found[name] = rule.apply(before, 1_000)
                assert told == found[name], name
        return found


class TestTheNight:
    def test_anonymises_lost_leads_after_their_time_alone(
        self, api: ApiClient, agency: AgencyUnderTest, lost: Person, database: Database, within: Within,
        work_off: Callable[[], list[str]], choose: Callable[[str, int], None],
    ) -> None:  # fmt: skip
        with within(agency.id):
            jobs.apply_retention()
        assert work_off() == []
        assert "leads_lead" in database.places_of(lost.marker), "Nobody has said how long they are kept"
        choose("leads.lost", 180)
        assert forecast(api, "leads.lost") == 1
        with within(agency.id):
            jobs.apply_retention()
        assert work_off() == []
        left = {table for table in database.places_of(lost.marker) if table.startswith(("leads_", "tasks_"))}
        assert left == set()
        assert "contacts_contact" in database.places_of(lost.marker)
        assert forecast(api, "leads.lost") == 0

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
