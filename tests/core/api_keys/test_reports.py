from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from core import ids
from core.api_keys import form
from core.db.session import apart
from core.http.application import Application
from core.testing.clients import ApiClient, ok, problem
from core.testing.factories import AgencyUnderTest
from core.testing.mailbox import Mailbox
from core.users.models import User
from tests.core.api_keys.conftest import Key
from tests.core.auth.conftest import eventually
from tests.worker import Worker


@pytest.fixture(scope="module")
def worker(app: Application) -> Worker:
    return Worker(app)


def report(app: Application, text: str) -> TestResponse:
    """Whoever finds a key says so, without signing in."""
    return ApiClient(app).post("/api-keys/reported", {"key": text})


def address_of(app: Application, api: ApiClient) -> str:
    with app.app_context(), apart() as session:
        return session.scalars(select(User.email).where(User.id == api.user_id)).one()


class TestAReportedKey:
    def test_is_revoked_everywhere_and_its_owner_is_told(
        self, app: Application, elsewhere: Application, key: Key, api: ApiClient, worker: Worker, letters: Mailbox
    ) -> None:
        there = key.at(elsewhere)
        ok(there.get("/leads"))
        ok(report(app, key.text), 204)
        assert problem(key.api.get("/leads")) == (401, "invalid_token")
        eventually(lambda: there.get("/leads").status_code == 401)
        shown = ok(api.get(f"/api-keys/{key.id}"))
        assert shown["revoked_because"] == "reported"
        worker.work()
        text = letters.text(address_of(app, api))
        assert "Website form" in text
        assert shown["prefix"] in text
        assert key.text not in text

    def test_is_told_of_once(
        self, app: Application, key: Key, api: ApiClient, worker: Worker, letters: Mailbox
    ) -> None:
        for _ in range(3):
            ok(report(app, key.text), 204)
        worker.work()
        assert len(letters.of(address_of(app, api))) == 1
        revoked = [each for each in ok(api.get("/audit?limit=50"))["items"] if "revoked" in each["name"]]
        assert [each["payload"]["reason"] for each in revoked] == ["reported"]
        assert revoked[0]["actor_kind"] == "public"

    def test_is_also_one_whose_successor_is_in_use(self, app: Application, key: Key) -> None:
        new = key.rotate(overlap_hours=24)
        ok(report(app, key.text), 204)
        assert problem(key.at(app, new).get("/leads")) == (401, "invalid_token")

    def test_opens_nothing_when_its_owner_comes_back(
        self, app: Application, make_key: Callable[..., Key], agency: AgencyUnderTest, api: ApiClient
    ) -> None:
        agent = agency.newcomer("agent")
        key = make_key(agent, {"leads.read": "own"})
        address = f"/users/{agent.user_id}"
        ok(api.patch(address, {"state": "suspended"}, version="*"))
        ok(report(app, key.text), 204)
        ok(api.patch(address, {"state": "active"}, version="*"))
        assert problem(key.api.get("/leads")) == (401, "invalid_token")


class TestAnythingElse:
    def test_is_answered_alike_and_changes_nothing(
        self, app: Application, key: Key, make_key: Callable[..., Key], agency: AgencyUnderTest
    ) -> None:
        gone = make_key(agency.newcomer("agent"), {"leads.read": "own"})
        gone.revoke()
        guess = form.make(form.id_of(key.text, within="test") or ids.new(), within="test")
        unknown = form.make(ids.new(), within="test")
        answers = [report(app, text) for text in (gone.text, guess, unknown, "tripfile_", "anything", "\x00")]
        alike = {(answer.status_code, answer.data) for answer in answers[:-1]}
        assert alike == {(204, b"")}
        assert answers[-1].status_code in {204, 422}
        # Nobody revokes a key by its public id.
        ok(key.api.get("/leads"))

    def test_comes_as_often_as_attempts_to_sign_in(self, app: Application) -> None:
        assert '"route"' in report(app, "anything").headers["RateLimit-Policy"]
