"""A POST repeated under the same Idempotency-Key gets the first answer and does nothing twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from core.actor import system
from core.db import locks
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.extensions import db
from core.http import idempotency
from core.http.application import Application
from core.http.models import KeptAnswer
from core.testing.clients import ApiClient, ok, problem
from core.testing.factories import AgencyUnderTest

ANA = {"kind": "person", "name": "Ana Duarte"}


def post(api: ApiClient, key: str, body: Any = None) -> TestResponse:
    return api.post("/contacts", json=ANA if body is None else body, headers={"Idempotency-Key": key})


def count(api: ApiClient) -> int:
    total: int = api.get("/contacts?count=exact").get_json()["total"]
    return total


@pytest.fixture
def inside(app: Application, agency: AgencyUnderTest) -> Callable[[], Any]:
    """Opens a unit of work in the agency."""

    @contextmanager
    def enter() -> Iterator[None]:
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            yield

    return enter


class TestARepeatedPost:
    def test_is_answered_byte_for_byte_and_done_once(self, api: ApiClient) -> None:
        first, second = post(api, "one"), post(api, "one")
        assert (first.status_code, second.status_code) == (201, 201)
        assert first.data == second.data
        for name in ("Location", "ETag", "Content-Type", "Cache-Control"):
            assert first.headers[name] == second.headers[name]
        assert "Idempotency-Replayed" not in first.headers
        assert second.headers["Idempotency-Replayed"] == "true"
        assert count(api) == 1

    def test_with_another_body_is_refused(self, api: ApiClient) -> None:
        post(api, "one")
        other = post(api, "one", {**ANA, "name": "Eva"})
        assert (other.status_code, other.get_json()["code"]) == (422, "idempotency_key_reused")
        assert count(api) == 1

    def test_of_somebody_else_is_their_own(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        post(api, "one")
        assert "Idempotency-Replayed" not in post(agency.newcomer(), "one").headers
        assert count(api) == 2

    def test_while_the_first_still_runs_is_409(self, app: Application, api: ApiClient, agency: AgencyUnderTest) -> None:
        name = f"{agency.id}:{api.user_id}:contacts.create:one"
        with app.app_context():
            engine = db.engine
        with engine.begin() as first:
            first.execute(select(func.pg_advisory_xact_lock(locks.number(name))))
            response = post(api, "one")
        assert (response.status_code, response.get_json()["code"]) == (409, "idempotency_in_flight")
        assert response.headers["Retry-After"] == "1"
        assert post(api, "one").status_code == 201

    def test_after_a_day_is_a_new_one(
        self, api: ApiClient, inside: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        post(api, "one")
        monkeypatch.setattr(idempotency, "KEPT_FOR", timedelta(0))
        assert "Idempotency-Replayed" not in post(api, "one").headers
        assert count(api) == 2
        with inside():
            assert len(db.session.scalars(select(KeptAnswer)).all()) == 1

    def test_clears_away_a_bounded_number_of_old_answers_whoever_got_them(
        self, api: ApiClient, agency: AgencyUnderTest, inside: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        post(agency.newcomer(), "one")
        post(api, "two")
        monkeypatch.setattr(idempotency, "KEPT_FOR", timedelta(0))
        monkeypatch.setattr(idempotency, "BATCH", 1)
        post(api, "three")
        with inside():
            assert set(db.session.scalars(select(KeptAnswer.key))) == {"two", "three"}


class TestAFailedPost:
    def test_may_be_mended_under_the_same_key(self, api: ApiClient) -> None:
        assert post(api, "one", {**ANA, "name": 7}).status_code == 422
        assert post(api, "one").status_code == 201


class TestAKey:
    @pytest.mark.parametrize("key", ["", "a b", "x" * 256, "ключ".encode().decode("latin-1")])
    def test_is_visible_ascii_of_bounded_length(self, api: ApiClient, key: str) -> None:
        response = post(api, key)
        assert (response.status_code, response.get_json()["code"]) == (400, "idempotency_key_invalid")
        assert count(api) == 0


class TestWhoAsksAgain:
    """A kept answer is for whom it was given, and for what they could do when it was given."""

    KEY: ClassVar[dict[str, str]] = {"Idempotency-Key": "the-same-again"}

    def ask(self, by: ApiClient) -> Any:
        return by.post("/contacts", {"name": "Ana"}, headers=self.KEY)

    def test_is_refused_once_their_rights_are_others(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        eva = agency.newcomer("agent")
        made = ok(self.ask(eva), 201)
        assert ok(self.ask(eva), 201) == made
        ok(api.patch(f"/users/{eva.user_id}", {"roles": ["operations"]}, version="*"))
        assert problem(self.ask(eva)) == (409, "idempotency_rights_changed")
        assert len(ok(api.get("/contacts"))["items"]) == 1

    def test_is_somebody_else_who_acts_as_them(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        eva = agency.newcomer("agent")
        mine = ok(self.ask(eva), 201)
        body = {"user_id": str(eva.user_id), "reason": "Ticket 4711: she cannot find her lead"}
        acting = [ApiClient(api.app, ok(api.post("/impersonation", body))["access_token"]) for _ in range(2)]
        made = [ok(self.ask(each), 201)["id"] for each in acting]
        assert len({mine["id"], *made}) == 3
        assert ok(self.ask(acting[0]), 201)["id"] == made[0]
