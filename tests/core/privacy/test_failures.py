"""Requests that were given up: they say so, and what was left; those that wait for too long are seen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from core.http.application import Application
from core.jobs import registry
from core.jobs.lane import Lane
from core.jobs.runner import Runner
from core.privacy import failures, jobs
from core.sdk import privacy
from core.testing.clients import ApiClient, ok
from tests.core.privacy.people import Database, Person, subject_of

Request = Callable[[str], dict[str, Any]]


@pytest.fixture
def give_up(app: Application, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Run what is due, with one attempt each."""

    def run() -> None:
        known = registry.known(app)
        monkeypatch.setattr(jobs.carry_out_erasure, "max_attempts", 1)
        monkeypatch.setattr(jobs.make_export, "max_attempts", 1)
        runner = Runner(app, known, backoff=timedelta(hours=1))
        for queue, names in [*registry.by_queue(known).items()] * 2:
            Lane(app, queue, names, runner, lease=timedelta(seconds=30), ring=lambda: None).drain()

    return run


class TestARequestThatWasGivenUp:
    def test_says_so_and_what_was_left(
        self, api: ApiClient, client: Person, database: Database, give_up: Callable[[], None],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        with monkeypatch.context() as broken, capture_logs() as logs:
            broken.setattr(privacy, "wipe", lambda entity: None)
            made = ok(api.post("/privacy/erasures", {"subject": subject_of(client), "reason": "asked_for"}), 202)
            give_up()
        shown = ok(api.get(f"/privacy/requests/{made['id']}"))
        assert (shown["state"], shown["manifest"]["failed"]) == ("failed", "Incomplete")
        assert "contacts_contact.given_name" in shown["manifest"]["left"]
        assert shown["finished_at"]
        [listed] = ok(api.get("/privacy/requests?state=failed"))["items"]
        assert listed["id"] == made["id"]
        [fact] = ok(api.get("/audit?name=privacy.request_failed"))["items"]
        assert fact["payload"] == {"request_id": made["id"], "kind": "erasure", "cause": "Incomplete"}
        [line] = [each for each in logs if each["event"] == "privacy.request_failed"]
        assert (line["request"], line["kind"], line["log_level"]) == (made["id"], "erasure", "error")
        assert client.marker not in str(shown) + str(line)

    def test_is_carried_out_where_its_job_is_repeated(
        self, api: ApiClient, client: Person, database: Database, give_up: Callable[[], None],
        monkeypatch: pytest.MonkeyPatch, work_off: Callable[[], list[str]],
    ) -> None:  # fmt: skip
        with monkeypatch.context() as broken:
            broken.setattr(privacy, "wipe", lambda entity: None)
            made = ok(api.post("/privacy/erasures", {"subject": subject_of(client), "reason": "asked_for"}), 202)
            give_up()
        [dead] = ok(api.get("/jobs?state=dead"))["items"]
        ok(api.post(f"/jobs/{dead['id']}/retry"))
        work_off()
        assert ok(api.get(f"/privacy/requests/{made['id']}"))["state"] == "done"
        assert database.places_of(client.marker) == set()

    def test_does_not_quote_what_went_wrong(
        self, api: ApiClient, client: Person, give_up: Callable[[], None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: object) -> None:
            raise RuntimeError(f"{client.marker} cannot be read")

        monkeypatch.setattr("core.privacy.exports._bundle", broken)
        made = ok(api.post("/privacy/exports", {"subject": subject_of(client)}), 202)
        give_up()
        shown = ok(api.get(f"/privacy/requests/{made['id']}"))
        assert (shown["state"], shown["manifest"]) == ("failed", {"failed": "RuntimeError", "left": []})

    def test_is_given_up_also_where_that_cannot_be_noted(
        self, api: ApiClient, client: Person, give_up: Callable[[], None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: object) -> None:
            raise RuntimeError("out of order")

        monkeypatch.setattr("core.privacy.exports._bundle", broken)
        monkeypatch.setattr(jobs.make_export, "given_up", broken)
        ok(api.post("/privacy/exports", {"subject": subject_of(client)}), 202)
        give_up()
        [dead] = ok(api.get("/jobs?state=dead"))["items"]
        assert dead["name"] == "privacy.make_export"


class TestARequestThatWaits:
    def test_for_more_than_a_day_is_seen_from_outside(
        self, app: Application, api: ApiClient, client: Person, database: Database
    ) -> None:
        made = ok(api.post("/privacy/exports", {"subject": subject_of(client)}), 202)
        with app.app_context():
            database.connection.execute("DELETE FROM core_privacy_request WHERE id <> %s", [made["id"]])
            failures.check()
            database.connection.execute(
                "UPDATE core_privacy_request SET created_at = now() - interval '25 hours' WHERE state = 'queued'"
            )
            with pytest.raises(failures.Overdue, match="1 exports or erasures"):
                failures.check()
        checks = ok(app.test_client().get("/health/ready"))["checks"]
        assert checks["privacy"]["status"] != "ok"
