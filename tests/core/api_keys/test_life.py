from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from core.api_keys import repository
from core.config import Settings
from core.http.application import Application
from core.testing.clients import ApiClient, ok, problem
from core.testing.factories import AgencyUnderTest
from tests.core.api_keys.conftest import Key, in_days
from tests.core.auth.conftest import eventually

INVALID = (401, "invalid_token")
Make = Callable[..., Key]


class TestTheEnd:
    def test_of_a_revoked_key_comes_within_two_seconds_everywhere(self, elsewhere: Application, key: Key) -> None:
        there = key.at(elsewhere)
        ok(there.get("/leads"))
        ok(there.get("/leads"))
        key.revoke()
        assert problem(key.api.get("/leads")) == INVALID
        eventually(lambda: there.get("/leads").status_code == 401)

    def test_comes_when_it_expires(self, key: Key, app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
        ok(key.api.get("/leads"))
        known = app.extensions["tripfile.api_keys"]._known
        next(reversed(known.values())).expires = 0
        monkeypatch.setattr(repository, "standing", lambda key_id: None)
        assert problem(key.api.get("/leads")) == INVALID

    def test_comes_at_its_time_also_in_the_database(self, make_key: Make, api: ApiClient, settings: Settings) -> None:
        key = make_key(api, expires_at=in_days(1))
        assert settings.database_owner_url is not None
        with psycopg.connect(settings.database_owner_url.get_secret_value()) as connection:
            connection.execute("UPDATE core_api_key SET expires_at = now() WHERE id = %s", (key.id,))
        assert problem(key.api.get("/leads")) == INVALID
        assert problem(api.patch(f"/api-keys/{key.id}", {"name": "y"}, version="*")) == (409, "api_key_ended")

    def test_comes_when_the_owner_is_suspended(
        self,
        elsewhere: Application,
        make_key: Make,
        agency: AgencyUnderTest,
        api: ApiClient,
    ) -> None:
        owner = agency.newcomer("agent")
        there = make_key(owner, {"leads.read": "own"}).at(elsewhere)
        ok(there.get("/leads"))
        ok(api.patch(f"/users/{owner.user_id}", {"state": "suspended"}, version="*"))
        eventually(lambda: there.get("/leads").status_code == 401)

    def test_is_not_told_apart_from_a_key_that_never_was(self, key: Key) -> None:
        key.revoke()
        answers = [client.get("/leads").get_json() for client in (key.api, key.at(key.owner.app, "tripfile_test_none"))]
        told = [{name: answer[name] for name in ("type", "title", "status", "detail", "code")} for answer in answers]
        assert told[0] == told[1]


class TestRotating:
    def test_keeps_the_old_secret_for_some_hours(self, key: Key, settings: Settings) -> None:
        new = key.rotate(overlap_hours=24)
        assert new.rsplit("_", 1)[0] == key.text.rsplit("_", 1)[0]
        ok(key.api.get("/leads"))
        ok(key.at(key.owner.app, new).get("/leads"))
        assert settings.database_owner_url is not None
        with psycopg.connect(settings.database_owner_url.get_secret_value()) as connection:
            connection.execute("UPDATE core_api_key SET previous_until = now() WHERE id = %s", (key.id,))
        key.owner.app.extensions["tripfile.api_keys"]._known.clear()
        assert problem(key.api.get("/leads")) == INVALID
        ok(key.at(key.owner.app, new).get("/leads"))

    def test_without_overlap_ends_the_old_secret_at_once(self, key: Key, elsewhere: Application) -> None:
        there = key.at(elsewhere)
        ok(there.get("/leads"))
        new = key.rotate(overlap_hours=0)
        assert problem(key.api.get("/leads")) == INVALID
        eventually(lambda: there.get("/leads").status_code == 401)
        ok(key.at(elsewhere, new).get("/leads"))

    def test_twice_forgets_the_first_secret(self, key: Key) -> None:
        second = key.rotate(overlap_hours=24)
        third = key.rotate(overlap_hours=24)
        answers = [key.at(key.owner.app, text).get("/leads").status_code for text in (key.text, second, third)]
        assert answers == [401, 200, 200]

    def test_is_for_the_owner_alone(self, make_key: Make, agent: ApiClient, api: ApiClient) -> None:
        key = make_key(agent, {"leads.read": "own"})
        assert problem(api.post(f"/api-keys/{key.id}/rotate", {})) == (409, "not_your_key")
        key.revoke()
        assert problem(agent.post(f"/api-keys/{key.id}/rotate", {})) == (409, "api_key_ended")
