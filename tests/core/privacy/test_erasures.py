"""Erasures: afterwards the whole database knows nothing of the person, and what had to stay says why."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner

from core import clock, ids
from core.audit import verification
from core.events.following import follow_once
from core.http import gates
from core.http.application import Application
from core.privacy import erasures, tombstones
from core.privacy.commands import privacy as command
from core.privacy.errors import Incomplete
from core.privacy.subjects import Holding
from core.sdk import privacy
from core.testing.clients import ApiClient, ok, problem, switch_off
from core.testing.factories import AgencyUnderTest
from plugins.webhooks.service import erasure
from tests.core.privacy.conftest import KNOWN, SAID, Within
from tests.core.privacy.people import Database, Person, subject_of

Work = Callable[[], list[str]]


class TestAnErasure:
    def test_leaves_nothing_in_the_whole_database(
        self, api: ApiClient, agency: AgencyUnderTest, client: Person, database: Database,
        erase: Callable[[dict[str, str]], dict[str, Any]], work_off: Work,
    ) -> None:  # fmt: skip
        words = (client.marker, client.email, client.email.upper(), client.phone, client.phone[-9:])
        # What others may hold of it: an export, a failed job, a message to a webhook and its answer, a notification.
        ok(api.post("/privacy/exports", {"subject": subject_of(client)}), 202)
        work_off()
        endpoint, delivery = ids.new(), ids.new()
        said = f"about {client.email.upper()} and {client.phone}"
        about = f'{{"contact_id": "{client.known["contact_id"]}"}}'
        database.add("webhooks_endpoint", client, id=endpoint)
        database.add("webhooks_delivery", client, endpoint_id=endpoint, body=said, error=said, finished_at=None)
        database.add("webhooks_delivery", client, id=delivery, endpoint_id=endpoint, body=about, error=None)
        database.add("webhooks_attempt", client, delivery_id=delivery)
        database.add("core_job", client, state="dead", last_error=said, finished_at=clock.now(), payload='{"x": 1}')
        database.add("notifications_notification", client, words=f'{{"who": "{client.email}"}}')
        assert database.places_of(*words) >= {
            *SAID, "core_idempotency", "core_search_token", "core_job", "webhooks_delivery",
            "webhooks_attempt", "notifications_notification",
        }  # fmt: skip
        shown = erase(subject_of(client))
        assert shown["state"] == "done"
        assert database.places_of(*words) == set()

    def test_says_what_it_did(
        self, client: Person, erase: Callable[[dict[str, str]], dict[str, Any]], api: ApiClient
    ) -> None:
        shown = erase(subject_of(client))
        erased = {each["table"]: each["rows"] for each in shown["manifest"]["outcomes"] if not each["kept"]}
        assert erased | dict.fromkeys([*SAID, *KNOWN], 1) == erased
        [fact] = ok(api.get("/audit?name=privacy.person_erased"))["items"]
        assert fact["payload"] == {
            "person": "contacts.contact", "person_id": str(client.known["contact_id"]), "request_id": shown["id"],
            "rows": sum(erased.values()), "kept": 0,
        }  # fmt: skip

    def test_leaves_the_trip_and_the_chain_of_the_log(
        self, app: Application, api: ApiClient, agency: AgencyUnderTest, client: Person, within: Within,
        erase: Callable[[dict[str, str]], dict[str, Any]],
    ) -> None:  # fmt: skip
        def seal() -> int:
            follow_once(app, names=["audit.seal"], agencies=[agency.id])
            with within(agency.id):
                return verification.verify().last.seq

        before = seal()
        erase(subject_of(client))
        assert seal() > before
        lead = ok(api.get(f"/leads/{client.known['lead_id']}"))
        assert (lead["kind"], lead["source"], lead["contact_name"]) == ("fit", "phone", "[erased]")
        assert ok(api.get(f"/leads?q={lead['reference']}"))["items"]

    def test_can_be_seen_before_without_happening(self, api: ApiClient, client: Person, database: Database) -> None:
        before = database.places_of(client.marker)
        shown = ok(api.post("/privacy/erasures/preview", {"subject": subject_of(client)}))
        assert {each["table"] for each in shown["outcomes"]} >= {*SAID, *KNOWN}
        assert (shown["holds"], shown["not_asked"]) == ([], [])
        assert database.places_of(client.marker) == before
        assert ok(api.get(f"/contacts/{client.known['contact_id']}"))["emails"]

    def test_happens_once_however_often_it_is_repeated(
        self, agency: AgencyUnderTest, client: Person, within: Within,
        erase: Callable[[dict[str, str]], dict[str, Any]], api: ApiClient,
    ) -> None:  # fmt: skip
        shown = erase(subject_of(client))
        with within(agency.id):
            erasures.carry_out(UUID(shown["id"]))
        assert ok(api.get(f"/privacy/requests/{shown['id']}")) == shown
        answer = api.post("/privacy/erasures", {"subject": subject_of(client), "reason": "asked_for"})
        assert problem(answer) == (409, "subject_erased")

    def test_is_asked_for_once(self, api: ApiClient, client: Person, work_off: Work) -> None:
        wanted = {"subject": subject_of(client), "reason": "asked_for"}
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: api.post("/privacy/erasures", wanted), range(4)))
        assert sorted(answer.status_code for answer in answers) == [202, 409, 409, 409]
        assert problem(api.post("/privacy/erasures", wanted)) == (409, "erasure_under_way")
        assert work_off() == []
        erased = ok(api.get(f"/audit?name=privacy.person_erased&subject_id={client.known['contact_id']}"))["items"]
        assert len(erased) == 1

    def test_is_nothing_at_all_where_something_personal_would_be_left(
        self, api: ApiClient, client: Person, database: Database, work_off: Work, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(privacy, "wipe", lambda entity: None)
        before = database.places_of(client.marker)
        ok(api.post("/privacy/erasures", {"subject": subject_of(client), "reason": "asked_for"}), 202)
        [error] = work_off()
        assert error.startswith(Incomplete.__name__)
        assert "contacts_contact.given_name" in error
        assert client.marker not in error
        assert database.places_of(client.marker) == before

    def test_is_stopped_by_a_plugin_that_cannot_answer(
        self, api: ApiClient, client: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(subject: object) -> list[Holding]:
            raise RuntimeError("out of order")

        monkeypatch.setattr(erasure, "erase", broken)
        answer = api.post("/privacy/erasures/preview", {"subject": subject_of(client)})
        assert problem(answer) == (500, "internal_error")

    def test_reaches_what_a_plugin_holds_that_the_agency_has_switched_off(
        self, api: ApiClient, client: Person, database: Database, erase: Callable[[dict[str, str]], dict[str, Any]]
    ) -> None:
        for plugin in ("tasks", "leads"):
            switch_off(api, plugin)
        erase(subject_of(client))
        assert database.places_of(client.marker) == set()

    def test_takes_a_fresh_proof_and_its_own_permission(
        self, agency: AgencyUnderTest, api: ApiClient, client: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        wanted = {"subject": subject_of(client), "reason": "asked_for"}
        assert agency.member("manager").post("/privacy/erasures", wanted).status_code == 403
        monkeypatch.setattr(gates, "PROOF_HOLDS", timedelta(0))
        assert problem(api.post("/privacy/erasures", wanted)) == (401, "step_up_required")

    def test_of_somebody_leaves_others_alone(
        self, agency: AgencyUnderTest, api: ApiClient, client: Person, database: Database,
        erase: Callable[[dict[str, str]], dict[str, Any]],
    ) -> None:  # fmt: skip
        other = ok(api.post("/contacts", {"kind": "person", "name": "Bea", "emails": [{"address": "bea@example.com"}]}))
        erase(subject_of(client))
        kept = ok(api.get(f"/contacts/{other['id']}"))
        assert (kept["name"], kept["emails"][0]["address"]) == ("Bea", "bea@example.com")


class TestAHold:
    def place(self, api: ApiClient, person: Person, **more: str) -> dict[str, Any]:
        made: dict[str, Any] = ok(
            api.post("/privacy/holds", {"subject": subject_of(person), "reason": "A claim in court", **more}), 201
        )
        return made

    def test_keeps_everything_until_it_is_released(
        self, api: ApiClient, client: Person, database: Database, erase: Callable[[dict[str, str]], dict[str, Any]]
    ) -> None:
        made = self.place(api, client)
        answer = api.post("/privacy/erasures", {"subject": subject_of(client), "reason": "asked_for"})
        assert problem(answer) == (409, "on_legal_hold")
        assert "A claim in court" in answer.json["detail"]  # type: ignore[index] # a problem
        [held] = ok(api.post("/privacy/erasures/preview", {"subject": subject_of(client)}))["holds"]
        assert held["id"] == made["id"]
        ok(api.post(f"/privacy/holds/{made['id']}/release", version=1))
        assert problem(api.post(f"/privacy/holds/{made['id']}/release", version=2)) == (409, "hold_released")
        erase(subject_of(client))
        assert database.places_of(client.marker) == set()

    def test_is_placed_once_unless_it_goes_on_for_longer(self, api: ApiClient, client: Person) -> None:
        again = {"subject": subject_of(client), "reason": "Another claim"}
        first = self.place(api, client, until="2999-01-01")
        for until in ("2998-12-31", "2999-01-01"):
            answer = api.post("/privacy/holds", again | {"until": until})
            assert problem(answer) == (409, "on_hold_already")
            assert first["id"] in answer.json["detail"]  # type: ignore[index] # a problem
        longer = self.place(api, client)
        assert problem(api.post("/privacy/holds", again)) == (409, "on_hold_already")
        ok(api.post(f"/privacy/holds/{longer['id']}/release", version=1))
        ok(api.post(f"/privacy/holds/{first['id']}/release", version=1))
        ok(api.post("/privacy/holds", again), 201)

    def test_that_comes_between_request_and_erasure_refuses_it(
        self, api: ApiClient, client: Person, database: Database, work_off: Work
    ) -> None:
        made = ok(api.post("/privacy/erasures", {"subject": subject_of(client), "reason": "asked_for"}), 202)
        held = self.place(api, client)
        assert work_off() == []
        shown = ok(api.get(f"/privacy/requests/{made['id']}"))
        assert (shown["state"], shown["manifest"]) == ("refused", {"holds": [held["id"]]})
        assert database.places_of(client.marker)

    def test_is_over_after_its_last_day(self, api: ApiClient, client: Person) -> None:
        self.place(api, client, until="2020-01-01")
        assert ok(api.post("/privacy/erasures/preview", {"subject": subject_of(client)}))["holds"] == []


class TestARestoredBackup:
    def test_forgets_again_whom_it_brought_back(
        self, app: Application, client: Person, database: Database, tmp_path: Path,
        erase: Callable[[dict[str, str]], dict[str, Any]],
    ) -> None:  # fmt: skip
        backup = database.dump()
        erase(subject_of(client))
        with app.app_context():
            listed = CliRunner().invoke(command, ["erased"]).output
        assert str(client.known["contact_id"]) in listed
        file = tmp_path / "erased"
        file.write_text(listed)
        database.restore(backup)
        assert database.places_of(client.marker)
        with app.app_context():
            ran = CliRunner().invoke(command, ["reapply", str(file)])
        assert ran.exit_code == 0, ran.output
        assert database.places_of(client.marker) == set()

    def test_is_told_by_a_file_outside_the_database(
        self, app: Application, client: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
        erase: Callable[[dict[str, str]], dict[str, Any]],
    ) -> None:  # fmt: skip
        file = tmp_path / "erased"
        monkeypatch.setattr(app.settings, "erasure_file", file)
        erase(subject_of(client))
        with app.app_context():
            tombstones.note()
            tombstones.note()
        lines = file.read_text().splitlines()
        assert len(lines) == len(set(lines))
        assert f"{client.agency_id} contacts.contact {client.known['contact_id']}" in lines

    def test_refuses_a_file_that_names_nobody(self, app: Application, tmp_path: Path) -> None:
        file = tmp_path / "erased"
        file.write_text("nobody at all here\n")
        with app.app_context():
            ran = CliRunner().invoke(command, ["reapply", str(file)])
        assert (ran.exit_code, "Line 1" in ran.output) == (1, True)
