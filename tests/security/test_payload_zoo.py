"""What no honest client sends, on every route: always a problem with a code, never a 5xx, and nothing is written."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from core.http.application import Application
from core.testing.clients import ApiClient, ok
from tests.contract.calls import Call, Calls
from tests.security import payloads
from tests.security.conftest import Fingerprint, Written
from tests.security.sending import key_for, refused, send

NAMELESS = {"oidc.list_choices"}
"""Sign-in pages ask them for any agency they are told: one that does not exist has no choices."""
CHUNKED = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}


@pytest.fixture(scope="module")
def cursor(owner: ApiClient) -> str:
    """The end of a page of contacts in the order they came in."""
    for name in ("Bea", "Cleo"):
        ok(owner.post("/contacts", {"name": name}), 201)
    found: str = ok(owner.get("/contacts?limit=1"))["next"]
    return found


@pytest.fixture
def untouched(stored: Fingerprint, written: Written, places: dict[Call, str], cursor: str) -> Iterator[None]:
    """Whatever the test sends, nothing of it is stored."""
    del written, places, cursor
    before = stored()
    yield
    assert stored() == before


@pytest.mark.usefixtures("untouched")
class TestBodies:
    @pytest.mark.parametrize("kind", payloads.MALFORMED)
    def test_what_is_not_the_json_asked_for_is_refused(self, written: Written, owner: ApiClient, kind: str) -> None:
        for call, address, _ in written:
            refused(send(owner, call, address, payloads.MALFORMED[kind]), call, 400, 422)

    @pytest.mark.parametrize("kind", payloads.POISON)
    def test_values_nobody_can_store_are_refused_wherever_they_are(
        self, written: Written, owner: ApiClient, kind: str
    ) -> None:
        for call, address, body in written:
            for where, data in payloads.poisoned(body, payloads.POISON[kind]):
                problem = refused(send(owner, call, address, data), (call, where), 400, 422)
                if problem["status"] == 422:
                    assert problem["errors"], (call, where)

    def test_a_whole_number_may_have_a_point(self, written: Written, owner: ApiClient) -> None:
        # JSON Schema's idea of an integer, which the document promises.
        (call,) = [call for call, _, _ in written if call.operation == "leads.create"]
        refused(send(owner, call, "/leads", b'{"infants": 2.5, "contact": {"name": "Ana"}}'), call, 422)
        known = b'{"infants": 2.0, "adults": 1e1, "contact": {"name": "Ana"}, "zone": "Mars/Base"}'
        problem = refused(send(owner, call, "/leads", known), call, 422)
        assert [each["pointer"] for each in problem["errors"]] == ["/zone"]

    def test_unknown_fields_are_named(self, written: Written, owner: ApiClient) -> None:
        for call, address, body in written:
            problem = refused(send(owner, call, address, payloads.named(body, '"is_admin"')), call, 422)
            assert ("/is_admin", "unknown_field") in {(each["pointer"], each["code"]) for each in problem["errors"]}

    @pytest.mark.parametrize("name", [r'"\u0000"', r'"\ud800"', json.dumps("x" * 100_000), '"__proto__"', '"a/b~c"'])
    def test_odd_names_are_refused(self, written: Written, owner: ApiClient, name: str) -> None:
        for call, address, body in written:
            refused(send(owner, call, address, payloads.named(body, name)), call, 422)

    def test_a_name_that_comes_twice_is_refused(self, written: Written, owner: ApiClient) -> None:
        for call, address, body in written:
            if not body:
                # Nothing is in it that could come twice.
                continue
            problem = refused(send(owner, call, address, payloads.repeated(body)), call, 422)
            assert "duplicate_key" in {each["code"] for each in problem["errors"]}, call

    def test_a_pattern_holds_to_the_end_of_the_text(self, calls: Calls, written: Written, owner: ApiClient) -> None:
        seen = 0
        for call, address, body in written:
            fields = (calls.body_schema(call) or {}).get("$ref", "").rpartition("/")[2]
            for name, schema in calls.components[fields]["properties"].items():
                kinds = schema.get("anyOf", [schema])
                # Where the pattern says which characters there may be, up to the last of them.
                patterns = [kind.get("pattern", "") for kind in kinds]
                if isinstance(body.get(name), str) and any("]" in each and "$" in each for each in patterns):
                    seen += 1
                    refused(
                        send(owner, call, address, json.dumps(body | {name: f"{body[name]}\n"}).encode()), call, 422
                    )
        assert seen > 3

    def test_large_bodies_are_refused(self, written: Written, owner: ApiClient) -> None:
        for size in (2, 10, 50):
            data = b'{"name": "' + b"x" * (size * 1_000_000) + b'"}'
            for call, address, _ in written[:: 1 if size == 2 else 5]:
                assert refused(send(owner, call, address, data), call, 413)["code"] == "body_too_large"

    @pytest.mark.parametrize("told", [True, False], ids=["told", "chunked"])
    def test_no_more_is_read_than_is_allowed(
        self, app: Application, written: Written, owner: ApiClient, *, told: bool
    ) -> None:
        for call, address, _ in written:
            endless = payloads.Endless()
            length: dict[str, Any] = {"CONTENT_LENGTH": "50000000"} if told else CHUNKED
            answer = app.test_client().open(
                app.settings.api_prefix + address,
                method=call.method,
                content_type="application/json",
                headers={"Authorization": f"Bearer {owner.token}", "If-Match": "*", **key_for(app, call)},
                environ_overrides={"wsgi.input": endless, **length},
            )
            refused(answer, call, 413)
            assert endless.taken <= (0 if told else 2 * app.settings.max_body_bytes), call

    def test_compressed_bodies_are_not_unpacked(self, written: Written, owner: ApiClient) -> None:
        bomb = gzip.compress(b"0" * 50_000_000)
        for call, address, _ in written:
            for encoding in ("gzip", "deflate", "br", "gzip, gzip"):
                refused(send(owner, call, address, bomb, Content_Encoding=encoding), call, 415)

    @pytest.mark.parametrize(
        "kind",
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/html", "?", ""],
    )
    def test_other_content_types_are_refused(self, written: Written, owner: ApiClient, kind: str) -> None:
        for call, address, body in written:
            refused(send(owner, call, address, json.dumps(body).encode(), Content_Type=kind), call, 415)


class TestOddities:
    @pytest.mark.parametrize("kind", payloads.ODD)
    def test_unexpected_values_are_never_our_fault(self, written: Written, owner: ApiClient, kind: str) -> None:
        for call, address, body in written:
            if call.operation in {"users.change", "agencies.change"}:
                # They would change who or where the caller is; their bodies are poisoned above.
                continue
            for where, data in payloads.poisoned(body, payloads.ODD[kind]):
                answer = send(owner, call, address, data)
                if answer.status_code >= 300:
                    # Whoever guesses at a password so often has to wait.
                    refused(answer, (call, where), 400, 401, 403, 404, 409, 412, 422, 429)


@pytest.mark.usefixtures("untouched")
class TestAddresses:
    def test_ids_of_nothing_are_not_found(self, calls: Calls, written: Written, owner: ApiClient) -> None:
        bodies = {call: body for call, _, body in written}
        for call in calls.every:
            if call.addressed and "uuid:" in call.rule:
                address = "/".join(str(uuid4()) if "<" in part else part for part in call.rule.split("/"))
                sent = bodies.get(call) or calls.body(call, owner)
                answer = calls.make(call, owner, address=address, body=sent)
                if call.contract.listing:
                    assert answer.status_code in {200, 404}, call
                else:
                    refused(answer, call, 404)

    @pytest.mark.parametrize(
        "wrong",
        [
            "0",
            "-1",
            "null",
            "%00",
            "%ff",
            "..%2f..%2fetc",
            "'%20or%201=1",
            "x" * 5000,
            "4f0f6a52-6d4c-4a4f-9a55-0f1f8a3a2b9",
        ],
    )
    def test_ids_that_are_none_are_refused(self, calls: Calls, owner: ApiClient, wrong: str) -> None:
        for call in calls.every:
            if call.addressed and call.operation not in NAMELESS:
                address = "/".join(wrong if "<" in part else part for part in call.rule.split("/"))
                refused(owner.call(call.method, address, version="*"), call, 400, 404, 405, 415, 422)

    def test_a_version_that_is_gone_changes_nothing(self, calls: Calls, written: Written, owner: ApiClient) -> None:
        for call, address, body in written:
            if call.contract.if_match:
                for tag in ('"v999999"', '"v-1"', '"x"', f'"v{2**80}"', '"v0", "v999"', f'"v{"9" * 5000}"'):
                    refused(owner.call(call.method, address, json=body, version=tag), (call, tag), 412)

    def test_no_version_changes_nothing(self, written: Written, owner: ApiClient) -> None:
        for call, address, body in written:
            if call.contract.if_match:
                refused(owner.call(call.method, address, json=body), call, 428)


@pytest.mark.usefixtures("untouched")
class TestQuestions:
    @pytest.mark.parametrize("question", payloads.QUESTIONS, ids=lambda question: question[:24])
    def test_wrong_parameters_of_lists_are_named(
        self, calls: Calls, owner: ApiClient, places: dict[Call, str], question: str
    ) -> None:
        assert calls.lists()
        for call in calls.lists():
            problem = refused(owner.get(f"{places[call]}?{question}"), (call, question), 414, 422)
            if problem["status"] == 422:
                assert all(each["pointer"].startswith("?") for each in problem["errors"]), (call, problem)
                assert problem["errors"], (call, problem)

    def test_a_cursor_of_another_list_is_refused(
        self, calls: Calls, owner: ApiClient, places: dict[Call, str], cursor: str
    ) -> None:
        refused(owner.get(f"/contacts?limit=1&sort=name&cursor={cursor}"), "another order", 422)
        refused(owner.get(f"/contacts?limit=1&kind=company&cursor={cursor}"), "another filter", 422)
        refused(owner.get(f"/contacts?limit=1&cursor={cursor[:-2]}AA"), "forged", 422)
        for call in calls.lists():
            if call.rule != "/contacts":
                refused(owner.get(f"{places[call]}?limit=1&cursor={cursor}"), call, 422)

    def test_values_no_filter_takes_are_refused(self, calls: Calls, owner: ApiClient, places: dict[Call, str]) -> None:
        for call in calls.lists():
            address = places[call]
            for parameter in calls.operation(call)["parameters"]:
                if isinstance(parameter, dict) and "name" in parameter:
                    name = parameter["name"]
                    refused(owner.get(f"{address}?{name}=%00"), (call, name), 422)
                    refused(owner.get(f"{address}?{name}=a%ed%a0%80"), (call, name), 422)
                    answer = owner.get(f"{address}?{name}={'9' * 400}")
                    assert answer.status_code in {200, 422}, (call, name)

    def test_routes_without_parameters_take_none(self, calls: Calls, owner: ApiClient, places: dict[Call, str]) -> None:
        for call in calls.every:
            if call.method == "GET" and not call.contract.listing and not call.contract.query:
                refused(owner.get(f"{places[call]}?nothing=1"), call, 422)
