"""Agencies, teams and people see their own rows only: every route is called with ids that belong to somebody else."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from werkzeug.test import TestResponse

from core.actor import Scope
from core.config import Settings
from core.db.base import Model
from core.db.query import Operator
from core.http.contract import Contract
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from tests.contract.calls import Call, Calls, references, resolved

MakeAgency = Callable[..., AgencyUnderTest]


def lines(problems: list[str]) -> str:
    """What a failing test prints."""
    return "\n" + "\n".join(problems)


@pytest.fixture(scope="module")
def owner_role(settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    """The role of migrations, which sees the rows of every agency."""
    assert settings.database_owner_url is not None
    with psycopg.connect(settings.database_owner_url.get_secret_value(), autocommit=True) as connection:
        yield connection


def everything_of(owner_role: psycopg.Connection[Any], agency_id: UUID | None) -> dict[str, str]:
    """A digest of an agency's rows, by table."""
    found = {}
    for table in Model.metadata.sorted_tables:
        column = "id" if table.name == "core_agency" else "agency_id"
        if column not in table.columns:
            continue
        statement = sql.SQL("SELECT t::text FROM {} t WHERE {} = %s ORDER BY 1").format(
            sql.Identifier(table.name), sql.Identifier(column)
        )
        rows = owner_role.execute(statement, [agency_id]).fetchall()
        found[table.name] = hashlib.sha256(repr(rows).encode()).hexdigest()
    return found


class Theirs:
    """An agency with a row behind every address, and all ids that occur in it."""

    def __init__(self, calls: Calls, agency: AgencyUnderTest) -> None:
        self.agency = agency
        self.owner = agency.member("owner", team="North")
        self.addresses = {call: calls.prepare(call, self.owner) for call in calls.every}
        self.ids = {str(self.owner.user_id)}
        self.one_of_each = {str(self.owner.user_id)}
        for call in calls.lists():
            listed = ok(self.owner.get(self.addresses[call] + "?limit=200"))["items"]
            assert listed or call.addressed, f"{call} lists nothing although everything was made"
            self.ids |= {row["id"] for row in listed}
            self.one_of_each |= {row["id"] for row in listed[:1]}


@pytest.fixture(scope="module")
def theirs(calls: Calls, make_agency: MakeAgency) -> Theirs:
    return Theirs(calls, make_agency())


@pytest.fixture(scope="module")
def ours(make_agency: MakeAgency) -> ApiClient:
    return make_agency().member("owner", team="North")


def named(calls: Calls, call: Call) -> bool:
    """Whether its address names what all agencies share, such as a plugin."""
    return any(call.rule.startswith(pattern) for pattern in calls.registry.shared)


class TestForeignIds:
    def test_in_an_address_do_not_exist(
        self, calls: Calls, theirs: Theirs, ours: ApiClient, owner_role: psycopg.Connection[Any]
    ) -> None:
        before = everything_of(owner_role, theirs.agency.id)
        problems = []
        for call in calls.every:
            if not call.addressed or named(calls, call):
                continue
            response = calls.make(call, ours, address=theirs.addresses[call], body=calls.body(call, ours))
            if response.status_code != 404:
                problems.append(f"{call} answered {response.status_code} about a row of another agency")
        assert not problems, lines(problems)
        assert everything_of(owner_role, theirs.agency.id) == before

    def test_in_the_last_place_of_an_address_do_not_exist(self, calls: Calls, theirs: Theirs, ours: ApiClient) -> None:
        """`/leads/<ours>/notes/<theirs>`: the row must be of the thing it is asked under."""
        problems = []
        for call in calls.every:
            if call.rule.count("<") < 2:
                continue
            own, foreign = calls.prepare(call, ours).split("/"), theirs.addresses[call].split("/")
            for last in [number for number, part in enumerate(call.rule.split("/")) if "<" in part][1:]:
                mixed = [*own[:last], foreign[last], *own[last + 1 :]]
                for address in ("/".join(mixed), calls.address(call, ours).rpartition("/")[0] + "/" + own[last]):
                    response = calls.make(call, ours, address=address, body=calls.body(call, ours))
                    if response.status_code != 404:
                        problems.append(f"{call} answered {response.status_code} to {address}")
        assert not problems, lines(problems)

    def test_in_a_body_are_refused(
        self, calls: Calls, theirs: Theirs, ours: ApiClient, owner_role: psycopg.Connection[Any]
    ) -> None:
        before = everything_of(owner_role, theirs.agency.id)
        problems = []
        for call in [call for call in calls.every if calls.body_schema(call)]:
            address = calls.prepare(call, ours)
            for path, body in _with_foreign_ids(calls, call, ours, theirs.one_of_each):
                response = calls.make(call, ours, address=address, body=body)
                if response.status_code not in {404, 422} and not _none_was_done(response):
                    problems.append(f"{call} answered {response.status_code} to a foreign id at {'/'.join(path)}")
        assert not problems, lines(sorted(set(problems)))
        assert everything_of(owner_role, theirs.agency.id) == before


def _none_was_done(response: TestResponse) -> bool:
    """Whether a request about many rows, each of which succeeds or fails by itself, has done it to none."""
    rows = (response.json or {}).get("rows", ()) if response.status_code == 200 else ()
    return bool(rows) and all(row["status"] in {404, 422} for row in rows)


def _with_foreign_ids(
    calls: Calls, call: Call, api: ApiClient, foreign: set[str]
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Bodies that are right but for one id."""
    schema = calls.body_schema(call) or {}
    places = [(path, False) for path, _ in references(schema, calls.components)]
    places += [((name,), True) for name in _lists_of_ids(schema, calls.components)]
    for path, several in places:
        for foreign_id in sorted(foreign):
            body = calls.body(call, api)
            parent = body
            for name in path[:-1]:
                parent = parent.setdefault(name, {})
            parent[path[-1]] = [foreign_id] if several else foreign_id
            yield path, body


def _lists_of_ids(schema: dict[str, Any], components: dict[str, Any]) -> Iterator[str]:
    for name, member in resolved(schema, components).get("properties", {}).items():
        for kind in resolved(member, components).get("anyOf", [member]):
            items = resolved(resolved(kind, components).get("items", {}), components)
            if items.get("format") == "uuid":
                yield name


def ids_in(value: Any) -> Iterator[str]:
    """Every text of an answer, however deep."""
    if isinstance(value, dict):
        for member in value.values():
            yield from ids_in(member)
    elif isinstance(value, list):
        for member in value:
            yield from ids_in(member)
    elif isinstance(value, str):
        yield value


class TestLists:
    def test_never_hold_a_row_of_another_agency(self, calls: Calls, theirs: Theirs, ours: ApiClient) -> None:
        problems = []
        for call in [call for call in calls.every if call.method == "GET"]:
            found = ok(ours.get(calls.prepare(call, ours)))
            shared = theirs.ids & set(ids_in(found))
            if shared:
                problems.append(f"{call} shows ids of another agency: {shared}")
        assert not problems, lines(problems)

    def test_filtered_by_a_foreign_id_are_empty(self, calls: Calls, theirs: Theirs, ours: ApiClient) -> None:
        problems = []
        for call in calls.lists():
            address = calls.prepare(call, ours)
            for name in _filters_by_id(call.contract):
                for foreign_id in sorted(theirs.one_of_each):
                    answer = ok(ours.get(f"{address}?{name}={foreign_id}&count=exact"))
                    if answer["items"] or answer["total"]:
                        problems.append(f"{call} finds something by the {name} {foreign_id} of another agency")
        assert not problems, lines(problems)

    def test_search_finds_nothing_of_another_agency(
        self, calls: Calls, make_agency: MakeAgency, theirs: Theirs
    ) -> None:
        newcomer = make_agency().member("owner")
        searched = [call for call in calls.lists() if call.contract.listing and "q" in call.contract.listing.names]
        for call in searched:
            for row in ok(theirs.owner.get(theirs.addresses[call]))["items"][:5]:
                for text in [text for text in ids_in(row) if text.isalpha()]:
                    assert ok(newcomer.get(calls.address(call, newcomer), query_string={"q": text}))["items"] == []


def _filters_by_id(contract: Contract) -> list[str]:
    assert contract.listing is not None
    filters = contract.listing.filters.items()
    return [name for name, (declared, how) in filters if declared.type is UUID and how in {Operator.EQ, Operator.IN}]


class TestReads:
    def test_change_nothing(self, calls: Calls, agency: AgencyUnderTest, owner_role: psycopg.Connection[Any]) -> None:
        api = agency.member("owner")
        addresses = {call: calls.prepare(call, api) for call in calls.every if call.method == "GET"}
        before = everything_of(owner_role, agency.id)
        for address in addresses.values():
            ok(api.get(address))
        assert everything_of(owner_role, agency.id) == before


class Colleagues:
    """Two people with the same role, with a row behind every address that the first one made."""

    def __init__(self, calls: Calls, agency: AgencyUnderTest, scope: Scope, teams: tuple[str, str]) -> None:
        plugins = calls.app.extensions["tripfile.plugins"]
        self.limited = {name for name, each in plugins.permissions.items() if scope in each.scopes}
        grants = {
            name: str(scope if name in self.limited else each.widest) for name, each in plugins.permissions.items()
        }
        role = {"code": "limited", "name": "Limited", "permissions": grants}
        ok(agency.member("owner").post("/roles", role), 201)
        self.first = agency.newcomer("limited", team=teams[0])
        self.second = agency.newcomer("limited", team=teams[1])
        self.calls = [call for call in calls.guarded() if call.route.permission in self.limited]

    def problems(self, calls: Calls, *, visible: bool) -> list[str]:
        """Where the second person can do other than they should with what the first one made."""
        found = []
        for call in [call for call in self.calls if calls.is_about_a_row(call)]:
            address = calls.prepare(call, self.first)
            response = calls.make(call, self.second, address=address)
            if (response.status_code != 404) != visible:
                found.append(f"{call} answered {response.status_code} to {call.route.permission} about {address}")
        for call in [call for call in self.calls if call.contract.listing and not call.addressed]:
            mine = {row["id"] for row in ok(self.first.get(call.rule + "?limit=200"))["items"]}
            listed = {row["id"] for row in ok(self.second.get(call.rule + "?limit=200"))["items"]}
            if not mine:
                found.append(f"{call} shows {call.route.permission} nothing of their own")
            elif bool(mine & listed) != visible:
                found.append(f"{call} shows {'nothing' if visible else 'something'} of a colleague")
        return found


class TestScopes:
    def test_own_is_not_a_colleague_in_the_same_team(self, calls: Calls, agency: AgencyUnderTest) -> None:
        problems = Colleagues(calls, agency, Scope.OWN, ("North", "North")).problems(calls, visible=False)
        assert not problems, lines(problems)

    def test_team_is_not_another_team(self, calls: Calls, agency: AgencyUnderTest) -> None:
        problems = Colleagues(calls, agency, Scope.TEAM, ("North", "South")).problems(calls, visible=False)
        assert not problems, lines(problems)

    def test_team_is_every_colleague_in_it(self, calls: Calls, agency: AgencyUnderTest) -> None:
        problems = Colleagues(calls, agency, Scope.TEAM, ("North", "North")).problems(calls, visible=True)
        assert not problems, lines(problems)

    def test_all_is_everybody(self, calls: Calls, agency: AgencyUnderTest) -> None:
        problems = Colleagues(calls, agency, Scope.ALL, ("North", "South")).problems(calls, visible=True)
        assert not problems, lines(problems)
