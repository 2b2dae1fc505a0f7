"""Requests that were given up: they say so, and what was left; those that wait for too long are seen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from core import clock
from core.db.session import apart
from core.http.application import Application
from core.jobs import registry
from core.jobs.lane import Lane
from core.jobs.runner import Runner
from core.privacy import failures, jobs
from core.sdk import privacy
from core.testing.clients import ApiClient, ok, problem
from core.testing.factories import AgencyUnderTest
from tests.core.privacy.people import Database, Person, subject_of

Request = Callable[[str], dict[str, Any]]


@pytest.fixture
def give_up(app: Application, database: Database) -> Callable[[], None]:
    """Run what is due, with one attempt each."""

    def run() -> None:
        known = registry.known(app)
        database.connection.execute("UPDATE core_job SET max_attempts = 1 WHERE name LIKE 'privacy.%'")
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


class TestARequestWhoseJobWasCancelled:
    @pytest.fixture
    def job_of(self, database: Database) -> Callable[[dict[str, Any]], str]:
        """The job that carries a request out."""

        def find(made: dict[str, Any]) -> str:
            rows = database.connection.execute("SELECT id FROM core_job WHERE unique_key = %s", [made["id"]])
            [(job_id,)] = rows.fetchall()
            return str(job_id)

        return find

    def test_keeps_nobody_from_being_erased(
        self, api: ApiClient, client: Person, database: Database, job_of: Callable[[dict[str, Any]], str],
        work_off: Callable[[], list[str]],
    ) -> None:  # fmt: skip
        wanted = {"subject": subject_of(client), "reason": "asked_for"}
        first = ok(api.post("/privacy/erasures", wanted), 202)
        assert problem(api.post("/privacy/erasures", wanted)) == (409, "erasure_under_way")
        ok(api.post(f"/jobs/{job_of(first)}/cancel"))
        second = ok(api.post("/privacy/erasures", wanted), 202)
        assert problem(api.post("/privacy/erasures", wanted)) == (409, "erasure_under_way")
        work_off()
        assert ok(api.get(f"/privacy/requests/{second['id']}"))["state"] == "done"
        assert database.places_of(client.marker) == set()

    @pytest.mark.parametrize("kind", ["export", "erasure"])
    def test_says_that_nobody_carries_it_out(
        self, kind: str, app: Application, api: ApiClient, client: Person, database: Database,
        job_of: Callable[[dict[str, Any]], str],
    ) -> None:  # fmt: skip
        body = {"subject": subject_of(client)} | ({"reason": "asked_for"} if kind == "erasure" else {})
        waits = ok(api.post("/privacy/exports", {"subject": subject_of(client)}), 202)
        made = ok(api.post(f"/privacy/{kind}s", body), 202)
        ok(api.post(f"/jobs/{job_of(made)}/cancel"))
        with app.app_context():
            jobs.end_orphans()
        shown = ok(api.get(f"/privacy/requests/{made['id']}"))
        assert (shown["state"], shown["manifest"]) == ("failed", {"failed": "job_gone", "left": []})
        facts = ok(api.get("/audit?name=privacy.request_failed"))["items"]
        assert {"request_id": made["id"], "kind": kind, "cause": "job_gone"} in [each["payload"] for each in facts]
        assert ok(api.get(f"/privacy/requests/{waits['id']}"))["state"] == "queued"

    def test_is_carried_out_where_that_is_repeated(
        self, app: Application, api: ApiClient, client: Person, database: Database,
        job_of: Callable[[dict[str, Any]], str], work_off: Callable[[], list[str]],
    ) -> None:  # fmt: skip
        wanted = {"subject": subject_of(client), "reason": "asked_for"}
        made = ok(api.post("/privacy/erasures", wanted), 202)
        ok(api.post(f"/jobs/{job_of(made)}/cancel"))
        with app.app_context():
            jobs.end_orphans()
        ok(api.post(f"/jobs/{job_of(made)}/retry"))
        assert problem(api.post("/privacy/erasures", wanted)) == (409, "erasure_under_way")
        work_off()
        assert ok(api.get(f"/privacy/requests/{made['id']}"))["state"] == "done"


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

    def test_is_not_counted_while_its_agency_is_suspended_and_its_jobs_rest(
        self, app: Application, agency: AgencyUnderTest, api: ApiClient, client: Person, database: Database,
        work_off: Callable[[], list[str]],
    ) -> None:  # fmt: skip
        made = ok(api.post("/privacy/exports", {"subject": subject_of(client)}), 202)
        run = database.connection.execute
        run("DELETE FROM core_privacy_request WHERE id <> %s", [made["id"]])
        run("UPDATE core_privacy_request SET created_at = now() - interval '2 days'")
        run("UPDATE core_agency SET suspended_at = now() WHERE id = %s", [agency.id])
        with app.app_context():
            work_off()
            failures.check()
            run("UPDATE core_agency SET suspended_at = NULL WHERE id = %s", [agency.id])
            with pytest.raises(failures.Overdue, match="1 exports or erasures"):
                failures.check()
            work_off()
            failures.check()
        assert ok(api.get(f"/privacy/requests/{made['id']}"))["state"] == "done"

    def test_for_a_job_that_is_gone_is_ended_once_its_agency_works_again(
        self, app: Application, agency: AgencyUnderTest, api: ApiClient, client: Person, database: Database,
        work_off: Callable[[], list[str]],
    ) -> None:  # fmt: skip
        made = ok(api.post("/privacy/exports", {"subject": subject_of(client)}), 202)
        run = database.connection.execute
        run("DELETE FROM core_job WHERE unique_key = %s", [made["id"]])
        state = "SELECT state FROM core_privacy_request WHERE id = %s"
        for suspended_at, expected in ((clock.now(), "queued"), (None, "failed")):
            run("UPDATE core_agency SET suspended_at = %s WHERE id = %s", [suspended_at, agency.id])
            with app.app_context(), apart() as session:
                jobs.end_orphans.enqueue_apart(session)
            work_off()
            assert run(state, [made["id"]]).fetchall() == [(expected,)]
