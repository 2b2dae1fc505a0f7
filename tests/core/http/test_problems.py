"""Every error is a problem document, and tells nothing it should not."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

URL = "/api/v1/enquiries"
LEAD = f"{URL}/0198c5d2-7a10-7c3e-9a41-5f2b8c6d7e90"
FIELDS = {"type", "title", "status", "detail", "code", "errors", "instance", "request_id", "trace_id"}


class TestAProblem:
    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("GET", "/nowhere", 404),
            ("PUT", URL, 405),
            ("TRACE", URL, 405),
            ("PROPFIND", "/nowhere", 405),
            ("POST", URL, 400),
            ("PATCH", LEAD, 428),
            ("DELETE", LEAD, 401),
            ("POST", f"{LEAD}/settle", 409),
            ("GET", f"{URL}/broken", 500),
        ],
    )
    def test_has_the_same_shape_whatever_raised_it(
        self, client: FlaskClient, method: str, path: str, status: int
    ) -> None:
        response = client.open(path, method=method)
        body = response.get_json()
        assert (response.status_code, response.content_type) == (status, "application/problem+json")
        assert body.keys() == FIELDS
        assert body["status"] == status
        assert body["request_id"] == response.headers["X-Request-ID"]
        assert response.headers["Cache-Control"] == "no-store"

    def test_of_a_wrong_method_lists_the_right_ones(self, client: FlaskClient) -> None:
        assert set(client.put(URL).headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}

    def test_of_our_own_tells_no_detail(self, client: FlaskClient) -> None:
        assert "secret detail" not in client.get(f"{URL}/broken").get_data(as_text=True)

    def test_has_a_page(self, client: FlaskClient) -> None:
        kind = client.get("/nowhere").get_json()["type"]
        assert client.get(kind).get_json()["title"] == "Not found"
        assert client.get("/problems/enquiry_settled").get_json()["status"] == 409
        assert client.get("/problems/no_such_problem").status_code == 404


class TestAccess:
    def test_needs_a_token_where_a_permission_is_declared(self, client: FlaskClient) -> None:
        response = client.delete(LEAD)
        assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")
        assert client.delete(LEAD, headers={"Authorization": "Bearer bad"}).status_code == 401

    def test_needs_the_permission_itself(self, client: FlaskClient) -> None:
        other = client.delete(LEAD, headers={"Authorization": "Bearer enquiries.read"})
        assert (other.status_code, other.get_json()["code"]) == (403, "forbidden")
        granted = client.delete(LEAD, headers={"Authorization": "Bearer enquiries.remove", "If-Match": "*"})
        assert (granted.status_code, granted.data, "Content-Type" in granted.headers) == (204, b"", False)

    def test_to_ones_own_account_needs_a_sign_in_only(self, client: FlaskClient) -> None:
        assert client.get(f"{URL}/mine").status_code == 401
        assert client.get(f"{URL}/mine", headers={"Authorization": "Bearer nothing"}).status_code == 204
