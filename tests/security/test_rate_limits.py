"""How often anybody may ask: by person, key, agency and address, told in headers that any client can read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from core.app import create_app
from core.config import Settings
from core.db.session import dispose
from core.http import counters
from core.http.application import Application
from core.http.contract import rule_of
from core.testing.clients import ApiClient, ok, problem
from core.testing.factories import AgencyUnderTest
from core.testing.servers import RedisServer
from tests.security.structured import Member, read

WORDS_OF_DEAR_ROUTES = {"export", "exports", "pdf", "ai", "print"}
Limited = Callable[..., Application]


@pytest.fixture
def limited(settings: Settings) -> Iterator[Limited]:
    """Applications with other limits, on the module's database."""
    made: list[Application] = []

    def make(**changes: Any) -> Application:
        made.append(create_app(settings.model_copy(update=changes)))
        return made[-1]

    yield make
    for app in made:
        with app.app_context():
            dispose()


def told(answer: Any) -> tuple[dict[str, Member], dict[str, Member]]:
    """The policies and what is left of them, by name."""
    policies, left = (read(answer.headers[name]) for name in ("RateLimit-Policy", "RateLimit"))
    assert [each.name for each in policies] == [each.name for each in left]
    return {each.name: each for each in policies}, {each.name: each for each in left}


class TestHeaders:
    def test_are_structured_fields(self, limited: Limited, agency: AgencyUnderTest) -> None:
        app = limited(rate_limit_user="5/minute", rate_limit_agency="50/hour")
        policies, left = told(ApiClient(app, agency.member("agent").token).get("/leads"))
        assert policies["user"].parameters == {"q": 5, "w": 60}
        assert policies["agency"].parameters == {"q": 50, "w": 3600}
        assert left["user"].parameters["r"] == 4
        assert 1 <= left["agency"].parameters["t"] <= 3600

    @pytest.mark.parametrize(
        "wrong",
        ["user;q=5", '"user";q=', '"user";q=5,', '"user" ;q', '"user";q=1.5', '"us\ner";q=5', '"user";Q=5', ","],
    )
    def test_that_are_not_would_be_noticed(self, wrong: str) -> None:
        with pytest.raises(ValueError, match=r"Not well-formed|no value|comma"):
            read(wrong)

    def test_come_with_every_answer(self, limited: Limited, agency: AgencyUnderTest) -> None:
        app = limited()
        member = ApiClient(app, agency.member("agent").token)
        for answer in (
            member.get("/leads/00000000-0000-0000-0000-000000000000"),
            member.get("/users/teams?limit=0"),
            member.post("/roles", {}),
            ApiClient(app).get("/leads"),
            ApiClient(app, "nonsense").get("/leads"),
        ):
            told(answer)


class TestWhoeverAsksTooOften:
    def test_is_told_which_limit_it_was_and_when_to_come_back(self, limited: Limited, agency: AgencyUnderTest) -> None:
        member = ApiClient(limited(rate_limit_user="2/minute"), agency.member("agent").token)
        for _ in range(2):
            ok(member.get("/leads"))
        answer = member.get("/leads")
        assert problem(answer) == (429, "quota_exceeded")
        body: Any = answer.json
        assert body["type"] == "/problems/quota_exceeded"
        assert body["violated-policies"] == ["user"]
        _, left = told(answer)
        assert left["user"].parameters["r"] == 0
        assert 1 <= int(answer.headers["Retry-After"]) <= 60

    def test_is_the_agency_however_many_people_it_sends(
        self, limited: Limited, agency: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        app = limited(rate_limit_agency="6/hour")
        people = [ApiClient(app, agency.newcomer("agent").token) for _ in range(4)]
        answers = [person.get("/leads").status_code for person in people for _ in range(2)]
        assert answers == [200] * 6 + [429] * 2
        assert people[0].get("/leads").get_json()["violated-policies"] == ["agency"]
        ok(ApiClient(app, other_agency.member("agent").token).get("/leads"))

    def test_takes_nothing_from_colleagues_once_refused(self, limited: Limited, agency: AgencyUnderTest) -> None:
        app = limited(rate_limit_user="2/hour", rate_limit_agency="5/hour")
        loud, quiet = (ApiClient(app, agency.newcomer("agent").token) for _ in range(2))
        assert [loud.get("/leads").status_code for _ in range(20)] == [200] * 2 + [429] * 18
        ok(quiet.get("/leads"))

    def test_is_one_for_all_keys_of_a_person_whatever_limits_they_give_them(
        self, limited: Limited, agency: AgencyUnderTest, api: ApiClient
    ) -> None:
        app = limited(rate_limit_user="5/hour")
        draft = {"name": "x", "scopes": {"leads.read": "all"}}
        own: list[dict[str, str]] = [{"rate_limit": "1/hour"}, {"rate_limit": "999999/second"}, {}, {}]
        slow, fast, usual, other = (ok(api.post("/api-keys", {**draft, **more}), 201)["key"] for more in own)
        calls = {
            key: [ApiClient(app, key).get("/leads").status_code for _ in range(2)] for key in (slow, fast, usual, other)
        }
        assert list(calls.values()) == [[200, 429], [200, 200], [200, 200], [429, 429]]
        ok(ApiClient(app, api.token).get("/leads"))


class TestCost:
    def test_of_dear_routes_is_more_than_one(self, app: Flask) -> None:
        cheap = []
        for rule in app.url_map.iter_rules():
            declared = rule_of(app.view_functions[rule.endpoint])
            words = {word for segment in rule.rule.split("/") for word in segment.split("-")}
            # What columns a file can have is known without making one.
            dear = words & WORDS_OF_DEAR_ROUTES and "columns" not in words
            if declared and not declared.internal and dear and declared.cost < 2:
                cheap.append(rule.rule)
        assert not cheap, f"exports, documents and what asks an AI declare cost=: {cheap}"

    def test_is_taken_from_all_limits(self, limited: Limited, agency: AgencyUnderTest) -> None:
        app = limited(rate_limit_user="10/hour", rate_limit_agency="100/hour")
        rule = rule_of(app.view_functions["leads.search"])
        assert rule is not None
        # Rules are frozen; this one belongs to the test's own application only as long as it is put back.
        with changed(rule, cost=4):
            member = ApiClient(app, agency.newcomer("agent").token)
            answers = [member.get("/leads") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert told(answers[1])[1]["user"].parameters["r"] == 2
        assert told(answers[1])[1]["agency"].parameters["r"] == 92


@contextmanager
def changed(rule: Any, **values: Any) -> Iterator[None]:
    before = {name: getattr(rule, name) for name in values}
    try:
        for name, value in values.items():
            object.__setattr__(rule, name, value)
        yield
    finally:
        for name, value in before.items():
            object.__setattr__(rule, name, value)


class TestWithoutTheSharedCounters:
    """R16, the short form: never all refused, never unlimited."""

    @pytest.fixture
    def redis(self, tmp_path: Path) -> Iterator[RedisServer]:
        running = RedisServer(tmp_path)
        running.start()
        yield running
        running.kill()

    @pytest.mark.parametrize("fault", ["kill", "hang"])
    def test_people_and_agencies_are_limited_all_the_same(
        self, limited: Limited, agency: AgencyUnderTest, redis: RedisServer, fault: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(counters, "PROBE_EVERY", 3600.0)
        app = limited(
            redis_host=redis.url, rate_limit_user="4/hour", rate_limit_agency="8/hour", rate_limit_anonymous="3/hour"
        )
        people = [ApiClient(app, agency.newcomer("agent").token) for _ in range(3)]
        ok(people[0].get("/leads"))
        getattr(redis, fault)()
        answers = [[person.get("/leads").status_code for _ in range(6)] for person in people]
        if fault == "hang":
            redis.go_on()
        assert answers == [[200] * 4 + [429] * 2, [200] * 4 + [429] * 2, [429] * 6]
        assert [ApiClient(app).get("/leads").status_code for _ in range(5)] == [401] * 3 + [429] * 2
        told(people[0].get("/leads"))
