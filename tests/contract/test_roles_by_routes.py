"""Who may call what: every role, and nobody, against every route there is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from core.http.application import Application
from core.http.contract import rule_of
from core.roles import builtin
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from tests.contract.calls import Call, Calls, MissingSample
from tests.contract.sample import Sample

MakeAgency = Callable[..., AgencyUnderTest]
POWERLESS = "powerless"
ROLES = (*builtin.NAMES, POWERLESS)
WHAT_THEY_BRING = {("oidc.finish_link", 401, "oidc_state_unknown")}
"""Answers to what a sample sends, given after whoever sends it was let in: its state is that of another session."""


def lines(problems: list[str]) -> str:
    """What a failing test prints."""
    return "\n" + "\n".join(problems)


def answer(calls: Calls, call: Call, api: ApiClient, address: str, owner: ApiClient) -> tuple[int, str]:
    """Status and code of a call; its body is the owner's, so that only the right to send it differs."""
    response = calls.make(call, api, address=address, body=calls.body(call, owner))
    code = response.json["code"] if response.content_type == "application/problem+json" else ""  # type: ignore[index]
    return response.status_code, code


class Place:
    """An agency with one row for every address."""

    def __init__(self, calls: Calls, agency: AgencyUnderTest) -> None:
        self.agency = agency
        self.owner = agency.member("owner")
        ok(self.owner.post("/roles", {"code": POWERLESS, "name": "Nothing at all", "permissions": {}}), 201)
        self.addresses = {call: calls.prepare(call, self.owner) for call in calls.every}


@pytest.fixture(scope="module")
def place(calls: Calls, make_agency: MakeAgency) -> Place:
    return Place(calls, make_agency())


class TestEveryRoute:
    def test_belongs_to_the_api_or_is_the_machinery_around_it(self, app: Application) -> None:
        routes = app.extensions["tripfile.routes"]
        stray = []
        for rule in app.url_map.iter_rules():
            declared = rule_of(app.view_functions[rule.endpoint])
            if rule.endpoint not in routes and not (declared and declared.internal):
                stray.append(rule.rule)
        assert not stray, f"nobody declared who may call {stray}"

    def test_is_in_the_document_with_its_permission(self, calls: Calls) -> None:
        found = {call: calls.operation(call).get("x-permission") for call in calls.every}
        assert {call: call.route.permission for call in calls.every} == found

    def test_that_changes_something_asks_for_more_than_reading(self, calls: Calls) -> None:
        loose = [
            str(call) for call in calls.guarded() if call.method != "GET" and str(call.route.permission)[-5:] == ".read"
        ]
        assert not loose, f"a permission to read lets {loose} change something"

    def test_can_be_called_by_an_owner(self, calls: Calls, make_agency: MakeAgency) -> None:
        """What the rest stands on: the samples really reach the views."""
        problems = []
        for call in calls.every:
            owner = make_agency().newcomer("owner")
            response = calls.make(call, owner, address=calls.prepare(call, owner))
            if response.status_code != (calls.sample(call).status or call.contract.status):
                problems.append(
                    f"{call} answered {response.status_code} to an owner: {response.get_data(as_text=True)[:300]}\n"
                    f"  declare how to call it as SAMPLES[{call.operation!r}] in {call.plugin_file}"
                )
        assert not problems, lines(problems)


class TestNobody:
    def test_without_a_token_only_public_routes_answer(self, app: Application, calls: Calls, place: Place) -> None:
        problems = []
        for call in calls.every:
            status, code = answer(calls, call, ApiClient(app), place.addresses[call], place.owner)
            turned_away = (status, code) == (401, "unauthorized")
            if turned_away == call.route.public:
                problems.append(f"{call} answered {status} {code} to nobody")
        assert not problems, lines(problems)

    def test_a_token_nobody_signed_is_none(self, app: Application, calls: Calls, place: Place) -> None:
        stranger = ApiClient(app, "eyJhbGciOiJub25lIn0.e30.")
        problems = []
        for call in calls.every:
            status, _ = answer(calls, call, stranger, place.addresses[call], place.owner)
            if status != 401 and not call.route.public:
                problems.append(f"{call} answered {status} to a token nobody signed")
        assert not problems, lines(problems)


class TestRoles:
    @pytest.mark.parametrize("role", ROLES)
    def test_may_do_what_they_grant_and_nothing_else(
        self, app: Application, calls: Calls, place: Place, role: str
    ) -> None:
        granted = builtin.grants(role, app.extensions["tripfile.plugins"].permissions.values())
        member = place.agency.newcomer(role)
        problems = []
        for call in calls.guarded():
            status, code = answer(calls, call, member, place.addresses[call], place.owner)
            allowed = call.route.permission in granted
            if allowed and status in {401, 403}:
                problems.append(f"{call} refused {role}, who has {call.route.permission}: {status} {code}")
            if not allowed and (status, code) != (403, "forbidden"):
                problems.append(f"{call} answered {status} {code} to {role}, who lacks {call.route.permission}")
        assert not problems, lines(problems)

    def test_any_member_may_look_after_their_own_account(self, calls: Calls, place: Place) -> None:
        problems = []
        for call in [call for call in calls.every if call.route.signed_in]:
            member = place.agency.newcomer(POWERLESS)
            status, code = answer(calls, call, member, place.addresses[call], place.owner)
            if status in {401, 403} and (call.operation, status, code) not in WHAT_THEY_BRING:
                problems.append(f"{call} answered {status} {code} to a member without permissions")
        assert not problems, lines(problems)

    def test_no_permission_stands_for_another(self, app: Application, calls: Calls, place: Place) -> None:
        """A role with all permissions but one is refused exactly where that one is asked for."""
        declared = app.extensions["tripfile.plugins"].permissions
        problems = []
        asked_for = sorted({str(call.route.permission) for call in calls.guarded()})
        for number, missing in enumerate(asked_for):
            grants = {name: str(each.widest) for name, each in declared.items() if name != missing}
            code = f"all_but_{number}"
            ok(place.owner.post("/roles", {"code": code, "name": "All but one", "permissions": grants}), 201)
            member = place.agency.newcomer(code)
            for call in [call for call in calls.guarded() if call.route.permission == missing]:
                found = answer(calls, call, member, place.addresses[call], place.owner)
                if found != (403, "forbidden"):
                    problems.append(f"{call} answered {found} to a member with everything but {missing}")
        assert not problems, lines(problems)


class TestSamples:
    def test_are_of_routes_that_exist(self, calls: Calls) -> None:
        stale = set(calls.registry.samples) - {call.operation for call in calls.every}
        assert not stale, f"samples of routes that are gone: {sorted(stale)}"

    def test_that_are_missing_are_asked_for_by_name(self, calls: Calls, place: Place) -> None:
        show = next(call for call in calls.every if call.operation == "leads.show")
        unmakeable = replace(show, rule="/visas/<uuid:visa_id>", route=replace(show.route, plugin="visas"))
        with pytest.raises(MissingSample, match=r"add ROWS\['/visas/<uuid:visa_id>'\].*tests/plugins/visas/samples.py"):
            calls.address(unmakeable, place.owner)

    def test_that_do_not_work_are_asked_for_by_name(
        self, calls: Calls, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        show = next(call for call in calls.every if call.operation == "leads.show")
        monkeypatch.setitem(calls.registry.samples, "leads.create", Sample(body=lambda api, number: {}))
        with pytest.raises(MissingSample, match=r"SAMPLES\['leads.create'\] in tests/plugins/leads/samples.py"):
            calls.address(show, place.owner)
