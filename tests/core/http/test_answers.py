"""Answers: bodies, ETags, conditional requests, and the unit of work around them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from core.errors import Problem
from core.http import database_errors
from core.http.application import Application
from core.http.blueprint import Blueprint
from tests.core.http.conftest import LEAD_ID, EnquiryView

Make = Callable[..., Application]
URL = "/api/v1/enquiries"
LEAD = f"{URL}/0198c5d2-7a10-7c3e-9a41-5f2b8c6d7e90"


class TestACreation:
    def test_tells_where_the_new_thing_is_and_which_version_it_has(self, client: FlaskClient) -> None:
        response = client.post(URL, json={"name": "Ana"})
        assert response.status_code == 201
        assert response.headers["Location"] == LEAD
        assert re.fullmatch(r'"v1-[0-9a-f]{12}"', response.headers["ETag"])
        assert response.get_json() == {"id": LEAD.rsplit("/", 1)[1], "version": 1, "name": "Ana"}

    def test_of_credentials_is_never_stored_by_anybody(self, client: FlaskClient) -> None:
        response = client.post(f"{URL}/keys", json={"city": "x"})
        assert response.headers["Cache-Control"] == "no-store"


class TestARead:
    def test_is_private_and_revalidated(self, client: FlaskClient) -> None:
        response = client.get(LEAD)
        assert response.headers["Cache-Control"] == "private, no-cache"
        assert response.headers["ETag"].startswith('"v3-')

    @pytest.mark.parametrize("form", ["{}", "W/{}", '"v1-0", {}', "*"])
    def test_of_what_the_client_has_is_304(self, client: FlaskClient, form: str) -> None:
        tag = client.get(LEAD).headers["ETag"]
        response = client.get(LEAD, headers={"If-None-Match": form.format(tag)})
        assert (response.status_code, response.data) == (304, b"")
        assert response.headers["ETag"] == tag

    @pytest.mark.parametrize("tag", ['"v2"', '"v3"', '"v3-000000000000"'])
    def test_of_something_newer_is_answered_whole(self, client: FlaskClient, tag: str) -> None:
        assert client.get(LEAD, headers={"If-None-Match": tag}).status_code == 200

    def test_of_what_shows_another_row_is_answered_whole_when_that_one_changed(self, make_app: Make) -> None:
        names = iter(["Ana", "Eva"])
        blueprint = Blueprint("joined", description="Joined.")

        @blueprint.get("/", public=True)
        @blueprint.response(200, EnquiryView)
        def show() -> EnquiryView:
            """A name that somebody else's row holds."""
            return EnquiryView(LEAD_ID, 3, next(names))

        app = make_app()
        app.api.register_blueprint(blueprint, url_prefix="/api/v1/joined")
        client = app.test_client()
        tag = client.get("/api/v1/joined").headers["ETag"]
        again = client.get("/api/v1/joined", headers={"If-None-Match": tag})
        assert (again.status_code, again.get_json()["name"]) == (200, "Eva")

    def test_by_head_has_no_body(self, client: FlaskClient) -> None:
        assert client.head(LEAD).data == b""
        assert client.head("/nowhere").data == b""


class TestAChange:
    def test_without_if_match_is_428(self, client: FlaskClient) -> None:
        response = client.patch(LEAD, json={})
        assert (response.status_code, response.get_json()["code"]) == (428, "precondition_required")

    @pytest.mark.parametrize(
        "tag", ['"v2"', '"abc"', "v", '"v99999999999999999999"', '"v1", "v3"', '"v2-0a1b2c3d4e5f"']
    )
    def test_of_another_version_is_412(self, client: FlaskClient, tag: str) -> None:
        assert client.patch(LEAD, json={}, headers={"If-Match": tag}).status_code == 412

    @pytest.mark.parametrize("tag", ['"v3"', 'W/"v3"', '"v3-0a1b2c3d4e5f"', 'W/"v3-0a1b2c3d4e5f"', "*"])
    def test_of_the_version_that_was_read_goes_through(self, client: FlaskClient, tag: str) -> None:
        response = client.patch(LEAD, json={"name": "Eva"}, headers={"If-Match": tag})
        assert (response.status_code, response.headers["ETag"][:4]) == (200, '"v4-')

    def test_tells_null_from_absent(self, client: FlaskClient) -> None:
        response = client.patch(LEAD, json={"budget": None}, headers={"If-Match": "*"})
        assert response.get_json()["name"] == "{'budget': None}"


class TestTheUnitOfWork:
    def test_is_undone_by_an_error(self, client: FlaskClient, works: Any) -> None:
        assert client.post(f"{LEAD}/settle").get_json()["code"] == "enquiry_settled"
        assert (works.opened, works.failed) == (1, 1)

    def test_that_lost_a_race_is_run_again(
        self, client: FlaskClient, works: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Application, "_answer", _failing(psycopg.errors.SerializationFailure(), times=2))
        assert client.post(URL, json={"name": "Ana"}).status_code == 201
        assert works.opened == 3

    def test_that_loses_every_race_is_503(self, client: FlaskClient, works: Any, monkeypatch: Any) -> None:
        monkeypatch.setattr(Application, "_answer", _failing(psycopg.errors.DeadlockDetected(), times=9))
        response = client.post(URL, json={"name": "Ana"})
        assert (response.status_code, response.headers["Retry-After"], works.opened) == (503, "1", 3)

    def test_on_a_dead_connection_is_repeated_for_reads_only(self, client: FlaskClient, monkeypatch: Any) -> None:
        dead = OperationalError("select", {}, psycopg.OperationalError("server closed the connection"))
        monkeypatch.setattr(Application, "_answer", _failing(dead, times=1))
        assert client.get(LEAD).status_code == 200
        monkeypatch.setattr(Application, "_answer", _failing(dead, times=1))
        assert client.post(URL, json={"name": "Ana"}).status_code == 503


class TestADatabaseError:
    @pytest.mark.parametrize(
        ("error", "status", "code"),
        [
            (psycopg.errors.UniqueViolation(), 409, "already_exists"),
            (psycopg.errors.ForeignKeyViolation(), 409, "reference_broken"),
            (psycopg.errors.CheckViolation(), 422, "invalid"),
            (psycopg.errors.NumericValueOutOfRange(), 422, "invalid"),
            (psycopg.errors.QueryCanceled(), 503, "unavailable"),
            (psycopg.errors.LockNotAvailable(), 503, "unavailable"),
            (psycopg.errors.DiskFull(), 503, "unavailable"),
            (psycopg.OperationalError("connection refused"), 503, "unavailable"),
        ],
    )
    def test_has_a_meaning_for_the_client(self, error: psycopg.Error, status: int, code: str) -> None:
        problem = database_errors.problem_of(OperationalError("insert", {}, error))
        assert isinstance(problem, Problem)
        assert (problem.status, problem.code) == (status, code)

    def test_that_is_a_bug_of_ours_has_none(self) -> None:
        assert database_errors.problem_of(psycopg.errors.UndefinedColumn()) is None
        assert database_errors.problem_of(psycopg.errors.InsufficientPrivilege()) is None
        assert database_errors.problem_of(ValueError()) is None


def _failing(error: Exception, *, times: int) -> Any:
    left = [times]
    answer = Application._answer

    def fail(self: Application, view: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise error
        return answer(self, view)

    return fail
