"""The OpenAPI document: valid, complete, and true to what is mounted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema  # type: ignore[import-untyped] # its stubs are a package of their own
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from core.http.application import Application

Document = dict[str, Any]
METHODS = {"get", "post", "put", "patch", "delete"}
PROBLEM = "application/problem+json"
BASE = "urn:document"


@pytest.fixture(scope="module")
def document(app: Application) -> Document:
    answer = app.test_client().get("/openapi.json")
    assert answer.status_code == 200
    read: Document = json.loads(answer.data)
    return read


def operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    for path, item in document["paths"].items():
        for method in METHODS & item.keys():
            yield path, method, item[method]


def resolved(document: Document, node: Any) -> Any:
    while isinstance(node, dict) and "$ref" in node:
        found: Any = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        node = found
    return node


def parameters(document: Document, path: str, operation: Document) -> list[Document]:
    shared = document["paths"][path].get("parameters", [])
    return [resolved(document, each) for each in (*shared, *operation.get("parameters", []))]


def schemas_within(node: Any, trail: str = "#") -> Iterator[tuple[str, Document]]:
    """Every schema with examples, and where it is."""
    if isinstance(node, dict):
        if isinstance(node.get("examples"), list):
            yield trail, node
        for name, member in node.items():
            if name != "examples":
                escaped = name.replace("~", "~0").replace("/", "~1")
                yield from schemas_within(member, f"{trail}/{escaped}")
    elif isinstance(node, list):
        for number, member in enumerate(node):
            yield from schemas_within(member, f"{trail}/{number}")


class TestDocument:
    def test_it_is_openapi_3_1(self, document: Document) -> None:
        assert document["openapi"].startswith("3.1")
        assert [str(error) for error in OpenAPIV31SpecValidator(document).iter_errors()] == []

    def test_every_mounted_route_is_in_it_and_nothing_else(self, app: Application, document: Document) -> None:
        prefix = app.settings.api_prefix
        mounted = {
            (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
            for rule in app.url_map.iter_rules()
            if rule.rule.startswith((f"{prefix}/", "/p/"))
            # A file that is given away is no part of the API, though it has an address of its own.
            and rule.endpoint != "files.download"
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        }
        assert {(path, method) for path, method, _ in operations(document)} == mounted

    def test_every_reference_leads_somewhere(self, document: Document) -> None:
        for reference in set(re.findall(r'"\$ref": ?"([^"]+)"', json.dumps(document))):
            assert resolved(document, {"$ref": reference}), reference

    def test_every_component_schema_is_used(self, document: Document) -> None:
        text = json.dumps(document)
        unused = [name for name in document["components"]["schemas"] if f'"#/components/schemas/{name}"' not in text]
        assert unused == []


def is_file(content: Document) -> bool:
    """Whether an answer is a file to keep."""
    return all(media["schema"] == {"type": "string", "format": "binary"} for media in content.values())


class TestOperations:
    def test_each_has_an_id_of_its_own(self, document: Document) -> None:
        ids = [operation["operationId"] for _, _, operation in operations(document)]
        assert len(ids) == len(set(ids))
        assert [name for name in ids if not re.fullmatch(r"[a-z_]+\.[a-z_]+", name)] == []

    def test_each_says_what_it_does_and_where_it_belongs(self, document: Document) -> None:
        told = {tag["name"] for tag in document["tags"] if tag.get("description")}
        schemas = document["components"]["schemas"]
        for path, method, operation in operations(document):
            words = operation.get("summary", "").split()
            assert len(words) > 1, (path, method)
            # What is called so in the code is no word for people.
            assert not [word for word in words if re.search("[a-z][A-Z]", word) and word in schemas], (path, method)
            assert set(operation["tags"]) <= told, (path, method)

    def test_each_says_who_may_call_it(self, document: Document) -> None:
        for path, method, operation in operations(document):
            assert "security" in operation, (path, method)
            if operation["security"]:
                assert {"401", "403"} <= operation["responses"].keys(), (path, method)

    def test_every_parameter_is_typed_and_described(self, document: Document) -> None:
        for path, method, operation in operations(document):
            found = parameters(document, path, operation)
            addressed = {each["name"] for each in found if each["in"] == "path"}
            assert addressed == set(re.findall(r"\{(\w+)\}", path)), path
            for each in found:
                schema = resolved(document, each["schema"])
                assert {"type", "enum", "anyOf"} & schema.keys(), (path, method, each["name"])
                if each["in"] == "path":
                    assert each["required"] is True
                    assert schema.get("format") == "uuid" or each["name"] in {"name", "key"}, (path, each)
                else:
                    assert each.get("description"), (path, method, each["name"])

    def test_every_error_is_a_problem(self, document: Document) -> None:
        for path, method, operation in operations(document):
            statuses = operation["responses"].keys()
            assert {"400", "422", "429", "500", "503"} <= statuses, (path, method)
            for status, answer in operation["responses"].items():
                content = resolved(document, answer).get("content", {})
                if status >= "400":
                    assert content.keys() == {PROBLEM}, (path, method, status)
                    assert resolved(document, content[PROBLEM]["schema"])["title"] == "ProblemDetails"
                else:
                    assert content.keys() <= {"application/json"} or is_file(content), (path, method, status)

    def test_every_success_tells_its_shape(self, document: Document) -> None:
        for path, method, operation in operations(document):
            successes = [status for status in operation["responses"] if status.startswith("2")]
            assert successes, (path, method)
            for success in successes:
                content = operation["responses"][success].get("content", {})
                assert bool(content) == (success != "204"), (path, method, success)

    def test_what_has_a_version_is_changed_under_it(self, document: Document) -> None:
        for path, method, operation in operations(document):
            names = {each["name"] for each in parameters(document, path, operation)}
            if "If-Match" in names:
                assert {"412", "428"} <= operation["responses"].keys(), (path, method)


class TestSchemas:
    def test_every_example_is_valid(self, document: Document) -> None:
        resource: Resource[Any] = Resource.from_contents(document, default_specification=DRAFT202012)
        registry: Registry[Any] = Registry().with_resource(BASE, resource)
        seen = 0
        for trail, schema in schemas_within(document):
            validator = Draft202012Validator(
                {"$ref": f"{BASE}{trail}"}, registry=registry, format_checker=Draft202012Validator.FORMAT_CHECKER
            )
            for example in schema["examples"]:
                seen += 1
                faults = [f"{fault.json_path}: {fault.message}" for fault in validator.iter_errors(example)]
                assert faults == [], (trail, example)
        assert seen > 50

    def test_every_body_has_an_example(self, document: Document) -> None:
        for path, method, operation in operations(document):
            for kind, media in operation.get("requestBody", {}).get("content", {}).items():
                if kind == "application/octet-stream":
                    assert operation["requestBody"]["description"], (path, method)
                    continue
                assert resolved(document, media["schema"]).get("examples"), (path, method)

    def test_every_schema_is_itself_valid_and_described(self, document: Document) -> None:
        for name, schema in document["components"]["schemas"].items():
            jsonschema.Draft202012Validator.check_schema(schema)
            assert schema.get("description"), name

    def test_every_instant_says_that_it_is_one(self, document: Document) -> None:
        for name, schema in document["components"]["schemas"].items():
            for field, member in schema.get("properties", {}).items():
                if field.endswith(("_at", "_since")):
                    kinds = member.get("anyOf", [member])
                    assert "date-time" in {kind.get("format") for kind in kinds}, (name, field)
