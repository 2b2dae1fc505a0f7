"""Every route of the application as a call that can be made: method, address, body, and ids of rows that exist."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from werkzeug.test import TestResponse

from core.http.application import Application
from core.http.contract import Contract, contract_of
from core.http.examples import NoExample, example_of
from core.plugins.mount import Route
from core.testing.clients import ApiClient
from tests.contract import files
from tests.contract.sample import Registry, Sample

_PARAMETER = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")
_numbers = itertools.count(1)


class MissingSample(AssertionError):
    """A route that cannot be called without knowing more about it."""


@dataclass(frozen=True)
class Call:
    """One method of one route."""

    method: str
    rule: str
    """The address below API_PREFIX, with its parameters: `/leads/<uuid:lead_id>`."""
    operation: str
    """The endpoint, which is the operation's id: `leads.show`."""
    route: Route
    contract: Contract = field(compare=False)

    def __str__(self) -> str:
        return f"{self.method} {self.rule}"

    @property
    def addressed(self) -> bool:
        """Whether the address has parameters."""
        return "<" in self.rule

    @property
    def plugin_file(self) -> str:
        """Where samples of this route are declared."""
        core = self.route.plugin == "core"
        return "tests/contract/core_samples.py" if core else f"tests/plugins/{self.route.plugin}/samples.py"


class Calls:
    """All calls of an application, and the means to make them."""

    def __init__(self, app: Application) -> None:
        self.app = app
        self.prefix: str = app.settings.api_prefix
        self.document = app.api.document()
        self.components: dict[str, Any] = self.document["components"]["schemas"]
        self.registry = Registry(app.extensions["tripfile.plugins"].plugins)
        self.every = sorted(self._collect(), key=str)
        self._by_place = {(call.method, call.rule): call for call in self.every}

    def _collect(self) -> Iterator[Call]:
        routes: dict[str, Route] = self.app.extensions["tripfile.routes"]
        for rule in self.app.url_map.iter_rules():
            if rule.endpoint not in routes or not rule.rule.startswith(self.prefix):
                continue
            contract = contract_of(self.app.view_functions[rule.endpoint])
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                address = rule.rule.removeprefix(self.prefix)
                yield Call(method, address, rule.endpoint, routes[rule.endpoint], contract)

    def guarded(self) -> list[Call]:
        """Those that ask for a permission."""
        return [call for call in self.every if call.route.permission]

    def lists(self) -> list[Call]:
        """Those that answer with a page."""
        return [call for call in self.every if call.contract.listing]

    def is_about_a_row(self, call: Call) -> bool:
        """Whether its address names a row of an agency's, not what is there for all."""
        return call.addressed and not any(call.rule.startswith(shared) for shared in self.registry.shared)

    def operation(self, call: Call) -> dict[str, Any]:
        """The call in the OpenAPI document."""
        address = self.prefix + _PARAMETER.sub(r"{\1}", call.rule)
        found: dict[str, Any] = self.document["paths"][address][call.method.lower()]
        return found

    def sample(self, call: Call) -> Sample:
        """What is declared about it."""
        return self.registry.samples.get(call.operation, Sample())

    def body(self, call: Call, api: ApiClient) -> Any:
        """The declared body, else the example of the document. Raises MissingSample."""
        declared = self.sample(call).body
        if declared is not None:
            return declared(api, next(_numbers))
        if call.contract.upload is not None:
            return files.example(call.contract.upload)
        schema = self.body_schema(call)
        if schema is None:
            return None
        try:
            # A copy: tests put other ids into it.
            example = deepcopy(example_of(schema, self.components))
        except NoExample as missing:
            raise MissingSample(f"{call}: {missing}, or give it a body in {call.plugin_file}") from missing
        for path, required in references(schema, self.components):
            if not required:
                # The id of an example is nobody's.
                parent = example
                for name in path[:-1]:
                    parent = parent[name]
                parent.pop(path[-1], None)
        return example

    def body_schema(self, call: Call) -> dict[str, Any] | None:
        """The schema of its JSON body."""
        content = self.operation(call).get("requestBody", {}).get("content")
        # A file has no schema of ours.
        described = content.get("application/json") if content else None
        schema: dict[str, Any] | None = described["schema"] if described else None
        return schema

    def address(self, call: Call, api: ApiClient) -> str:
        """The address with ids of rows made for it, on the way, by the caller. Raises MissingSample."""
        made, pattern = "", ""
        for segment in call.rule.strip("/").split("/"):
            collection = pattern or "/"
            pattern += f"/{segment}"
            made += f"/{self._row(call, collection, pattern, made, api)}" if "<" in segment else f"/{segment}"
        return made

    def _row(self, call: Call, collection: str, pattern: str, address: str, api: ApiClient) -> str:
        if pattern in self.registry.rows:
            return self.registry.rows[pattern](api)
        maker = self._by_place.get(("POST", collection))
        if maker is None:
            raise MissingSample(
                f"{call} needs a row, and no POST {collection} makes one: add ROWS[{pattern!r}], a function that makes"
                f" one and returns its id, to {call.plugin_file}"
            )
        answer = self.make(maker, api, address=address)
        if answer.status_code not in {200, 201}:
            raise MissingSample(
                f"{maker} refused its own example ({answer.status_code}: {answer.get_data(as_text=True)}): declare a"
                f" body as SAMPLES[{maker.operation!r}] in {maker.plugin_file}"
            )
        found: str = answer.json["id"]  # type: ignore[index]
        return found

    def filled(self, call: Call, api: ApiClient) -> str:
        """The address of a list with something in it."""
        address = self.prepare(call, api)
        maker = self._by_place.get(("POST", call.rule))
        if maker is not None:
            answer = self.make(maker, api, address=address)
            assert answer.status_code < 300, answer.get_data(as_text=True)
        return address

    def make(
        self, call: Call, api: ApiClient, *, address: str, body: Any = None, key: str | None = None
    ) -> TestResponse:
        """Call it; whatever its version is, and under a new key unless one is given."""
        sent = body if body is not None else self.body(call, api)
        version = "*" if call.contract.if_match else None
        headers = {"Idempotency-Key": key or f"contract-{next(_numbers)}"} if call.method == "POST" else None
        if isinstance(sent, files.Example):
            headers = {"Content-Type": "application/octet-stream", **(headers or {})}
            named = {"name": sent.name}
            return api.call(call.method, address, data=sent.data, query_string=named, version=version, headers=headers)
        return api.call(call.method, address, json=sent, version=version, headers=headers)

    def prepare(self, call: Call, api: ApiClient) -> str:
        """Make the rows its address needs, and let happen what has to come first; the address."""
        address = self.address(call, api)
        before = self.sample(call).before
        if before is not None:
            before(api, address)
        return address


def references(
    schema: dict[str, Any], components: dict[str, Any], path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Where a body holds the id of something else, and whether it must."""
    schema = resolved(schema, components)
    for name, member in schema.get("properties", {}).items():
        here = (*path, name)
        kinds = [resolved(kind, components) for kind in (resolved(member, components).get("anyOf") or [member])]
        if any(kind.get("format") == "uuid" for kind in kinds):
            yield here, name in schema.get("required", ())
        for kind in kinds:
            if kind.get("type") == "object":
                yield from references(kind, components, here)


def resolved(schema: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    """The schema a reference stands for."""
    while "$ref" in schema:
        schema = components[schema["$ref"].rpartition("/")[2]]
    return schema
