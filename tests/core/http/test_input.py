"""Bad input of every kind is refused with a code and a place, and never breaks anything."""

from __future__ import annotations

import gzip
import json
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

URL = "/api/v1/enquiries"
LEAD = f"{URL}/0198c5d2-7a10-7c3e-9a41-5f2b8c6d7e90"


def post(client: FlaskClient, body: bytes, **headers: str) -> TestResponse:
    return client.post(URL, data=body, content_type="application/json", headers=headers)


def faults(response: TestResponse) -> list[tuple[str, str]]:
    assert response.content_type == "application/problem+json"
    return [(fault["pointer"], fault["code"]) for fault in response.get_json()["errors"]]


class TestABodyWithFaults:
    def test_names_every_one_of_them_with_its_place(self, client: FlaskClient) -> None:
        body = {
            "status": "lost",
            "pax": "two",
            "legs": [{"city": "Arusha"}, {"city": "", "nights": -1}, {"nights": 1}, 7],
            "labels": {"a/b": "x", "fine": 1},
            "budget": "much",
            "extra~": True,
        }
        response = client.post(URL, json=body)
        assert response.status_code == 422
        assert sorted(faults(response)) == [
            ("/budget", "format"),
            ("/extra~0", "unknown_field"),
            ("/labels/a~1b", "type"),
            ("/legs/1/city", "length"),
            ("/legs/1/nights", "range"),
            ("/legs/2/city", "required"),
            ("/legs/3", "type"),
            ("/name", "required"),
            ("/pax", "type"),
            ("/status", "choice"),
        ]

    @pytest.mark.parametrize("instant", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+00:01"])
    def test_names_an_instant_that_is_none_in_utc(self, client: FlaskClient, instant: str) -> None:
        assert faults(client.post(URL, json={"name": "Ana", "answer_by": instant})) == [("/answer_by", "range")]
        asked = {"day": "2027-05-14", "since": instant}
        assert faults(client.get(f"{URL}/days", query_string=asked)) == [("?since", "range")]
        assert faults(client.get(URL, query_string={"asked_at.gte": instant})) == [("?asked_at.gte", "range")]

    def test_lists_no_more_than_fifty(self, client: FlaskClient) -> None:
        response = client.post(URL, json={"name": "x", "legs": [{}] * 1000})
        assert len(faults(response)) == 50

    def test_of_the_wrong_shape_is_a_fault_of_the_whole(self, client: FlaskClient) -> None:
        assert faults(client.post(URL, json=[1])) == [("", "type")]

    def test_undoes_nothing_because_nothing_was_done(self, client: FlaskClient, works: Any) -> None:
        client.post(URL, json={})
        assert (works.opened, works.failed) == (1, 1)


class TestAPayloadMeantToHurt:
    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            (b"", 400, "malformed_json"),
            (b'{"name":', 400, "malformed_json"),
            (b'{"name":"x"} trailing', 400, "malformed_json"),
            (b"\xef\xbb\xbf{}", 400, "malformed_json"),
            (b'{"name":"\xff"}', 400, "malformed_json"),
            (b'{"name":"a\x00b"}', 400, "malformed_json"),
            (b'{"name":"x","pax":NaN}', 400, "malformed_json"),
            (b'{"name":"x","pax":-Infinity}', 400, "malformed_json"),
            (b"[" * 100_000, 422, "invalid"),
            (b'{"a":' * 100_000, 422, "invalid"),
            (b"[" * 70 + b"]" * 70, 422, "invalid"),
        ],
    )
    def test_that_is_no_json_is_refused(self, client: FlaskClient, body: bytes, status: int, code: str) -> None:
        response = post(client, body)
        assert (response.status_code, response.get_json()["code"]) == (status, code)

    @pytest.mark.parametrize(
        ("body", "fault"),
        [
            (b'{"name":"a\\u0000b"}', ("/name", "unsafe_text")),
            (b'{"name":"\\ud800"}', ("/name", "unsafe_text")),
            (b'{"name":"x","\\u0000":1}', ("", "unsafe_text")),
            (b'{"name":"x","pax":1e999}', ("/pax", "number_out_of_range")),
            (b'{"name":"x","pax":' + b"9" * 5000 + b"}", ("/pax", "number_out_of_range")),
            (b'{"name":"x","pax":1208925819614629174706176}', ("/pax", "number_out_of_range")),
            (b'{"name":"x","pax":9223372036854775808}', ("/pax", "number_out_of_range")),
            (b'{"name":"x","name":"y"}', ("/name", "duplicate_key")),
            (b'{"name":"x","legs":[{"city":"a","city":"b"}]}', ("/legs/0/city", "duplicate_key")),
            (b'{"name":"x","budget":"NaN"}', ("/budget", "format")),
            (b'{"name":"x","budget":"Infinity"}', ("/budget", "format")),
            (b'{"name":"x","budget":"1e999999"}', ("/budget", "format")),
        ],
    )
    def test_that_no_column_can_hold_is_refused_where_it_stands(
        self, client: FlaskClient, body: bytes, fault: tuple[str, str]
    ) -> None:
        response = post(client, body)
        assert response.status_code == 422
        assert faults(response) == [fault]

    def test_may_be_as_large_as_the_route_allows_and_no_larger(self, client: FlaskClient) -> None:
        response = post(client, json.dumps({"name": "x" * 2_000_000}).encode())
        assert (response.status_code, response.get_json()["code"]) == (413, "body_too_large")
        assert client.post(f"{URL}/keys", json={"city": "x" * 200}).status_code == 413

    def test_in_another_form_is_not_read(self, client: FlaskClient) -> None:
        body = b'{"name":"x"}'
        assert client.post(URL, data=body, content_type="text/plain").status_code == 415
        assert client.post(URL, data={"name": "x"}).status_code == 415
        assert post(client, gzip.compress(body), **{"Content-Encoding": "gzip"}).status_code == 415
        patched = client.patch(LEAD, data=b"{}", content_type="application/merge-patch+json", headers={"If-Match": "*"})
        assert patched.status_code == 200

    def test_with_the_largest_numbers_and_plain_escapes_passes(self, client: FlaskClient) -> None:
        assert post(client, b'{"name":"\\\\u0000 \\ud83d\\ude00","pax":9223372036854775807}').status_code == 201


class TestABodyWhereNoneIsTaken:
    @pytest.mark.parametrize(("method", "address"), [("POST", f"{LEAD}/settle"), ("GET", URL)])
    def test_is_refused_before_anything_is_done(self, client: FlaskClient, method: str, address: str) -> None:
        for body, content_type in ((b'{"form":"csv"}', "application/json"), (b"form=csv", "")):
            answer = client.open(address, method=method, data=body, content_type=content_type)
            assert (answer.status_code, faults(answer)) == (422, [("", "unexpected_body")])

    def test_is_refused_in_chunks_too(self, client: FlaskClient) -> None:
        chunked = {"wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
        answer = client.post(
            f"{LEAD}/settle",
            input_stream=BytesIO(b'{"form":"csv"}'),
            headers={"Transfer-Encoding": "chunked"},
            environ_overrides=chunked,
        )
        assert (answer.status_code, faults(answer)) == (422, [("", "unexpected_body")])

    def test_may_say_nothing(self, client: FlaskClient) -> None:
        for body in (b"{}", b" null "):
            answer = client.post(f"{LEAD}/settle", data=body, content_type="application/json")
            assert answer.get_json()["code"] == "enquiry_settled"


class TestAQueryString:
    @pytest.mark.parametrize(
        ("query", "fault"),
        [
            ("status=lost", ("?status", "choice")),
            ("status.in=new,lost", ("?status.in", "choice")),
            ("status.gte=new", ("?status.gte", "unknown_parameter")),
            ("departure.gte=yesterday", ("?departure.gte", "format")),
            ("pax=two", ("?pax", "type")),
            ("pax=" + "9" * 40, ("?pax", "number_out_of_range")),
            ("pax=1&pax=2", ("?pax", "duplicate_parameter")),
            ("limit=0", ("?limit", "range")),
            ("limit=1000000000", ("?limit", "range")),
            ("sort=name", ("?sort", "choice")),
            ("count=maybe", ("?count", "choice")),
            ("cursor=", ("?cursor", "length")),
            ("colour=red", ("?colour", "unknown_parameter")),
            ("q=ana", ("?q", "unknown_parameter")),
            ("status=%00", ("?status", "unsafe_text")),
        ],
    )
    def test_of_a_list_is_refused_where_it_is_wrong(
        self, client: FlaskClient, query: str, fault: tuple[str, str]
    ) -> None:
        response = client.get(f"{URL}?{query}")
        assert response.status_code == 422
        assert faults(response) == [fault]

    def test_of_a_list_becomes_typed_conditions(self, client: FlaskClient) -> None:
        response = client.get(f"{URL}?status.in=new,won&departure.lt=2027-05-14&limit=7&sort=-departure")
        item = response.get_json()["items"][0]
        assert item["version"] == 7
        assert "('new', 'won')" in item["name"]
        assert "datetime.date(2027, 5, 14)" in item["name"]

    def test_of_a_struct_takes_list_fields_several_times(self, client: FlaskClient) -> None:
        response = client.get(f"{URL}/days?day=2027-05-14&tag=a&tag=b&pax=2")
        assert response.data == b"Tagged(day=datetime.date(2027, 5, 14), tag=['a', 'b'], pax=2, since=None)"
        assert faults(client.get(f"{URL}/days?pax=x")) == [("?day", "required"), ("?pax", "type")]

    def test_is_refused_by_routes_without_parameters(self, client: FlaskClient) -> None:
        assert faults(client.get(f"{LEAD}?verbose=1")) == [("?verbose", "unknown_parameter")]

    def test_is_bounded(self, client: FlaskClient) -> None:
        assert client.get(URL + "?" + "&".join(f"a{n}=1" for n in range(1_000))).status_code == 422
        assert client.get(URL + "?" + "&".join(f"a{n}=1" for n in range(10_000))).status_code == 414
        assert client.get(URL + "?status=%ff%fe").status_code == 422


class TestAnAddress:
    @pytest.mark.parametrize("path", [f"{URL}/not-a-uuid", f"{URL}/%00", "/nowhere", "//", "/api/v1//enquiries"])
    def test_of_nothing_is_a_404_problem(self, client: FlaskClient, path: str) -> None:
        response = client.get(path)
        assert (response.status_code, response.get_json()["code"]) == (404, "not_found")

    def test_may_end_in_a_slash(self, client: FlaskClient) -> None:
        assert client.get(f"{URL}/").status_code == 200
