"""Refresh tokens: each buys its successor once, and a stolen one ends the session."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import time_machine

from core.http.application import Application
from core.testing.clients import ApiClient, ok, problem
from tests.core.auth.conftest import Person, refresh

REFUSED = (401, "invalid_token")


def counter_of(tokens: dict[str, Any]) -> int:
    found: int = jwt.decode(tokens["refresh_token"], options={"verify_signature": False})["counter"]
    return found


class TestRotation:
    def test_each_buys_the_next(self, app: Application, person: Person) -> None:
        tokens = person.tokens()
        for counter in range(1, 5):
            tokens = ok(refresh(app, tokens["refresh_token"]))
            assert counter_of(tokens) == counter
            ok(ApiClient(app, tokens["access_token"]).get("/auth/me"))

    def test_the_agency_stays(self, app: Application, person: Person, api: ApiClient) -> None:
        del api
        tokens = person.tokens()
        assert ok(refresh(app, tokens["refresh_token"]))["agency"] == tokens["agency"]

    def test_eight_at_once_get_the_same_successor(self, app: Application, person: Person) -> None:
        token = person.tokens()["refresh_token"]
        with ThreadPoolExecutor(8) as pool:
            answers = [*pool.map(lambda _: refresh(app, token), range(8))]
        assert [answer.status_code for answer in answers] == [200] * 8
        assert {counter_of(ok(answer)) for answer in answers} == {1}
        ok(refresh(app, ok(answers[0])["refresh_token"]))

    def test_credentials_are_never_cached(self, app: Application, person: Person) -> None:
        assert refresh(app, person.tokens()["refresh_token"]).headers["Cache-Control"] == "no-store"


class TestReuse:
    def _revocations(self, api: ApiClient, tokens: dict[str, Any]) -> list[Any]:
        session_id = jwt.decode(tokens["refresh_token"], options={"verify_signature": False})["sid"]
        found: list[Any] = ok(api.get(f"/audit?name=auth.session_revoked&subject_id={session_id}"))["items"]
        return found

    def test_one_that_is_two_steps_old_ends_the_session(self, app: Application, person: Person, api: ApiClient) -> None:
        first = person.tokens()
        second = ok(refresh(app, first["refresh_token"]))
        third = ok(refresh(app, second["refresh_token"]))
        thief = ApiClient(app, third["access_token"])
        ok(thief.get("/auth/me"))
        assert problem(refresh(app, first["refresh_token"])) == REFUSED
        assert problem(thief.get("/auth/me")) == REFUSED
        assert problem(refresh(app, third["refresh_token"])) == REFUSED
        (event,) = self._revocations(api, first)
        assert event["payload"]["reason"] == "refresh_token_reused"
        assert event["actor_kind"] == "public"

    def test_the_last_one_counts_for_ten_seconds_more(self, app: Application, person: Person, api: ApiClient) -> None:
        first = person.tokens()
        second = ok(refresh(app, first["refresh_token"]))
        with time_machine.travel(datetime.now(UTC) + timedelta(seconds=8)):
            assert counter_of(ok(refresh(app, first["refresh_token"]))) == counter_of(second)
        with time_machine.travel(datetime.now(UTC) + timedelta(seconds=12)):
            assert problem(refresh(app, first["refresh_token"])) == REFUSED
            assert problem(refresh(app, second["refresh_token"])) == REFUSED
        assert len(self._revocations(api, first)) == 1

    def test_other_sessions_of_the_person_go_on(self, app: Application, person: Person) -> None:
        other = person.client()
        first = person.tokens()
        second = ok(refresh(app, first["refresh_token"]))
        ok(refresh(app, second["refresh_token"]))
        assert problem(refresh(app, first["refresh_token"])) == REFUSED
        ok(other.get("/auth/me"))

    def test_a_member_who_is_suspended_gets_no_successor(
        self, app: Application, person: Person, api: ApiClient
    ) -> None:
        tokens = person.tokens()
        ok(api.patch(f"/users/{person.user_id}", {"state": "suspended"}, version="*"))
        assert problem(refresh(app, tokens["refresh_token"])) == REFUSED
