"""The OpenAPI document is valid, complete enough to generate clients from, and readable offline."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

import msgspec
import pytest
from flask.testing import FlaskClient
from openapi_spec_validator import validate

from core.http import schemas
from core.http.application import Application
from core.http.decoding import decode
from core.http.structs import Draft, View
from tests.core.http.conftest import EnquiryDraft, EnquiryPatch, hooks

URL = "/api/v1/enquiries"
T = TypeVar("T")


class Timed(View, Generic[T]):
    """Somewhere in time."""

    at: datetime
    """When it was."""
    until: datetime | None
    what: T
    kind: Literal["a", "b"] = "a"


@pytest.fixture
def document(small: Application) -> dict[str, Any]:
    """The small application's document."""
    return small.api.document()


class TestTheDocument:
    def test_is_valid_openapi(self, document: dict[str, Any]) -> None:
        validate(document)
        assert document["openapi"] == "3.1.0"

    def test_has_only_components_of_ours(self, document: dict[str, Any]) -> None:
        assert set(document["components"]["schemas"]) == {
            "EnquiryDraft", "EnquiryPatch", "EnquiryView", "Fault", "Leg", "PageOfEnquiryView", "ProblemDetails",
        }  # fmt: skip

    def test_describes_fields_by_their_docstrings(self, document: dict[str, Any]) -> None:
        schemas = document["components"]["schemas"]
        assert schemas["EnquiryDraft"]["properties"]["name"]["description"] == "Who asks."
        assert "Opaque cursor" in schemas["PageOfEnquiryView"]["properties"]["next"]["description"]

    def test_gives_examples_that_the_routes_accept(self, document: dict[str, Any]) -> None:
        for kind in (EnquiryDraft, EnquiryPatch):
            for example in document["components"]["schemas"][kind.__name__]["examples"]:
                assert isinstance(decode(msgspec.json.encode(example), kind), kind)

    def test_shows_choices_of_filters_and_lists_by_comma(self, document: dict[str, Any]) -> None:
        parameters = {parameter["name"]: parameter for parameter in document["paths"][URL]["get"]["parameters"]}
        assert parameters["status"]["schema"] == {"enum": ["new", "won"], "type": "string"}
        assert parameters["status.in"]["explode"] is False
        assert parameters["limit"]["schema"]["maximum"] == 200
        assert parameters["sort"]["schema"]["enum"] == ["-departure", "departure"]

    def test_names_operations_after_plugin_and_view(self, document: dict[str, Any]) -> None:
        assert document["paths"][URL]["post"]["operationId"] == "enquiries.create"
        assert document["paths"][URL]["post"]["summary"] == "Take an enquiry."

    def test_tells_conditional_requests_and_permissions(self, document: dict[str, Any]) -> None:
        item = document["paths"][URL + "/{enquiry_id}"]
        assert {"$ref": "#/components/parameters/IfMatch"} in item["patch"]["parameters"]
        assert {"$ref": "#/components/parameters/IfNoneMatch"} in item["get"]["parameters"]
        assert {"304", "404"} <= item["get"]["responses"].keys()
        assert {"412", "428", "401", "403"} <= item["delete"]["responses"].keys()
        assert item["delete"]["security"] == [{"bearer": []}]
        assert item["delete"]["x-permission"] == "enquiries.remove"
        assert item["get"]["security"] == []
        assert item["patch"]["requestBody"]["content"].keys() == {"application/json"}

    def test_is_finished_by_plugins(self, make_app: Callable[..., Application]) -> None:
        app = make_app(hook=hooks(openapi_ready=lambda document: document.update({"x-more": 1})))
        assert app.test_client().get("/openapi.json").get_json()["x-more"] == 1


class TestWireTypes:
    def test_that_share_a_name_are_refused(self) -> None:
        first = type("Twin", (Draft,), {"__annotations__": {"a": int}, "__module__": "one"})
        second = type("Twin", (Draft,), {"__annotations__": {"b": int}, "__module__": "two"})
        with pytest.raises(schemas.NameTaken, match="Twin is a wire type of both"):
            schemas.build([first, second])

    def test_that_are_generic_get_readable_names_and_instants_a_format(self) -> None:
        _, components = schemas.build([Timed[int]])
        properties = components["TimedOfint"]["properties"]
        assert properties["at"] == {"type": "string", "format": "date-time", "description": "When it was."}
        assert properties["until"]["anyOf"][0]["format"] == "date-time"
        assert properties["kind"]["type"] == "string"


class TestThePages:
    def test_come_from_this_machine_without_inline_scripts(self, client: FlaskClient) -> None:
        page = client.get("/docs")
        html = page.get_data(as_text=True)
        assert "http" not in html
        assert re.findall(r"<script(?! src=)", html) == []
        assert "script-src 'self';" in page.headers["Content-Security-Policy"]
        for asset in re.findall(r'(?:src|href)="([^"]+)"', html):
            assert client.get(asset).status_code == 200, asset

    def test_serve_nothing_but_the_listed_files(self, client: FlaskClient) -> None:
        assert client.get("/docs/index.html").status_code == 404
        assert client.get("/docs/..%2f__init__.py").status_code == 404

    def test_are_sent_once(self, client: FlaskClient) -> None:
        first = client.get("/openapi.json")
        again = client.get("/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
        assert (first.status_code, again.status_code) == (200, 304)

    def test_can_be_switched_off(self, make_app: Callable[..., Application]) -> None:
        client = make_app(docs=False).test_client()
        assert [client.get(address).status_code for address in ("/docs", "/openapi.json")] == [404, 404]
