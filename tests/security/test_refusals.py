"""What is refused, how it is told, and what many requests at once or a slow one cannot do."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from flask import Response
from sqlalchemy import func, select

from core.app import create_app
from core.config import Settings
from core.db import read
from core.db.session import dispose
from core.extensions import db
from core.http.application import Application
from core.http.problems import ProblemDetails
from core.testing.clients import ApiClient, ok, problem
from core.testing.factories import AgencyUnderTest
from tests.contract.calls import Call, Calls

LEAKS = ("Traceback", "sqlalchemy", "psycopg", "SELECT ", "werkzeug", "flask", "python", ".py", "postgres", "/work/")


@pytest.fixture(scope="module")
def broken(settings: Settings) -> Iterator[Application]:
    """An application in which one route has a defect."""
    app = create_app(settings.model_copy(update={"rate_limit_anonymous": "3/minute"}))

    def fail(**_: Any) -> Response:
        raise RuntimeError("secret detail: SELECT password FROM core_credential")

    app.view_functions["auth.me"] = _like(app.view_functions["auth.me"], fail)
    yield app
    with app.app_context():
        dispose()


@pytest.fixture(scope="module")
def slow(settings: Settings) -> Iterator[Application]:
    """An application whose statements may take a fifth of a second, with a route that takes longer."""
    app = create_app(settings.model_copy(update={"database_statement_timeout": timedelta(milliseconds=200)}))

    def written() -> Response:
        db.session.execute(select(func.pg_sleep(20)))
        return Response()

    def asked() -> Response:
        read.first(select(func.pg_sleep(20)), str)
        return Response()

    app.view_functions["auth.me"] = _like(app.view_functions["auth.me"], written)
    app.view_functions["agencies.show"] = _like(app.view_functions["agencies.show"], asked)
    yield app
    with app.app_context():
        dispose()


@pytest.fixture(scope="module")
def cursor(owner: ApiClient) -> str:
    for name in ("Bea", "Cleo", "Dora"):
        ok(owner.post("/contacts", {"name": name}), 201)
    found: str = ok(owner.get("/contacts?limit=1"))["next"]
    return found


def _like(view: Any, other: Any) -> Any:
    other.__dict__.update(view.__dict__)
    return other


class TestProblems:
    def test_are_of_one_form_and_tell_nothing_of_the_inside(
        self, broken: Application, owner: ApiClient, house: AgencyUnderTest
    ) -> None:
        api, nobody = ApiClient(broken, owner.token), ApiClient(broken)
        big = {"data": b"x" * 2_000_000, "headers": {"Content-Type": "application/json"}}
        asked = {
            400: api.post("/contacts", data=b"{", headers={"Content-Type": "application/json"}),
            401: nobody.get("/auth/me"),
            403: house.member("read_only").post("/contacts", {"name": "Ana"}),
            404: api.get("/nowhere"),
            405: api.call("PUT", "/auth/me"),
            412: api.patch("/agencies/current", {"name": "Sun"}, version=99),
            413: api.post("/contacts", **big),
            414: api.get("/contacts?" + "x" * 20_000),
            415: api.post("/contacts", data=b"a=1", headers={"Content-Type": "text/plain"}),
            422: api.post("/contacts", {}),
            428: api.patch("/agencies/current", {"name": "Sun"}),
            429: [nobody.get("/auth/me") for _ in range(4)][-1],
            500: api.get("/auth/me"),
        }
        for status, answer in asked.items():
            assert answer.status_code == status, (status, answer.data)
            assert answer.content_type == "application/problem+json", status
            told = msgspec.json.decode(answer.data, type=ProblemDetails)
            assert told.status == status
            assert told.type == f"/problems/{told.code}"
            assert told.instance.endswith(told.request_id)
            assert len(told.trace_id) == 32
            text = answer.get_data(as_text=True)
            assert not [leak for leak in LEAKS if leak.lower() in text.lower()], (status, text)
            assert "secret detail" not in text


class TestTraces:
    SENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    def test_of_the_caller_are_kept(self, app: Application) -> None:
        answer = app.test_client().get("/nowhere", headers={"traceparent": self.SENT})
        assert answer.json["trace_id"] == "0af7651916cd43dd8448eb211c80319c"  # type: ignore[index]

    @pytest.mark.parametrize(
        "sent", ["", "x", SENT[:-1], SENT.upper(), "ff" + SENT[2:], f"00-{'0' * 32}-{'1' * 16}-01", SENT + "\u00e9"]
    )
    def test_that_are_none_are_replaced(self, app: Application, sent: str) -> None:
        answer = app.test_client().get("/nowhere", headers={"traceparent": sent})
        trace: str = answer.json["trace_id"]  # type: ignore[index]
        assert len(trace) == 32
        assert trace not in sent.lower()
        assert trace != "0" * 32


class TestSlowQueries:
    @pytest.mark.parametrize("path", ["/auth/me", "/agencies/current"])
    def test_end_as_a_problem_and_leave_the_connection_whole(
        self, slow: Application, owner: ApiClient, path: str
    ) -> None:
        api = ApiClient(slow, owner.token)
        for _ in range(6):
            answer = api.get(path)
            assert problem(answer) == (503, "unavailable")
            assert answer.headers["Retry-After"]
        ok(api.get("/contacts"))

    def test_are_cut_off_after_five_seconds_and_waits_for_locks_after_three(self) -> None:
        assert Settings.model_fields["database_statement_timeout"].default == timedelta(seconds=5)
        assert Settings.model_fields["database_lock_timeout"].default == timedelta(seconds=3)


class TestPages:
    def test_are_bounded_on_every_list(self, calls: Calls, owner: ApiClient, places: dict[Call, str]) -> None:
        for call in calls.lists():
            place = places[call]
            assert len(ok(owner.get(f"{place}?limit=200"))["items"]) <= 200
            for limit in ("201", "1000000000", "0", "-1"):
                assert owner.get(f"{place}?limit={limit}").status_code == 422, call

    def test_a_cursor_with_any_letter_changed_is_refused(self, owner: ApiClient, cursor: str) -> None:
        ok(owner.get(f"/contacts?limit=1&cursor={cursor}"))
        for number in range(len(cursor)):
            other = "A" if cursor[number] != "A" else "B"
            forged = f"{cursor[:number]}{other}{cursor[number + 1 :]}"
            answer = owner.get(f"/contacts?limit=1&cursor={forged}")
            # The last letter may hold bits that belong to no byte.
            assert answer.status_code == 422 or number == len(cursor) - 1, number

    def test_a_cursor_of_another_agency_shows_nothing_of_it(
        self, make_agency: Callable[..., AgencyUnderTest], cursor: str
    ) -> None:
        stranger = make_agency().member("owner")
        answer = stranger.get(f"/contacts?limit=1&cursor={cursor}")
        assert answer.status_code == 422 or answer.json["items"] == []  # type: ignore[index]


class TestRaces:
    def test_of_fifty_changes_under_one_version_one_wins(self, app: Application, owner: ApiClient) -> None:
        contact = ok(owner.post("/contacts", {"name": "Ana"}), 201)
        statuses: list[int] = []
        gate = threading.Barrier(50)

        def change(number: int) -> None:
            api = ApiClient(app, owner.token)
            gate.wait()
            answer = api.patch(f"/contacts/{contact['id']}", {"name": f"Ana {number}"}, version=contact["version"])
            statuses.append(answer.status_code)

        threads = [threading.Thread(target=change, args=(number,)) for number in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert Counter(statuses) == {200: 1, 412: 49}
        assert ok(owner.get(f"/contacts/{contact['id']}"))["version"] == contact["version"] + 1


class TestDepth:
    def test_is_bounded_at_sixty_four(self, owner: ApiClient) -> None:
        for depth, code in ((64, "unknown_field"), (65, "too_deep"), (10_000, "too_deep")):
            data = b'{"x":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"
            answer = owner.post("/contacts", data=data, headers={"Content-Type": "application/json"})
            assert code in {each["code"] for each in answer.json["errors"]}, depth  # type: ignore[index]
