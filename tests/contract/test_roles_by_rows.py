"""Who may do what with whose rows: every role, on every route with scopes, about rows of four kinds of people."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

import pytest
from sqlalchemy import select, update

from core.actor import Scope, system
from core.db.repository import with_owners
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.events.event import owner_of_module
from core.extensions import db
from core.http.application import Application
from core.roles import builtin
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from core.users.models import Team
from tests.contract.calls import Call, Calls

MakeAgency = Callable[..., AgencyUnderTest]
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
LIMITED = {"limited_to_own": Scope.OWN, "limited_to_team": Scope.TEAM}
REACH = {
    None: frozenset[str](),
    Scope.OWN: frozenset({"own"}),
    Scope.TEAM: frozenset({"own", "team"}),
    Scope.ALL: frozenset({"own", "team", "other"}),
}
# Beyond the scope of the permission these look at who wrote the note, or added the file.
OF_AUTHORS = {"leads.change_note", "leads.delete_note", "leads.delete_attachment"}
# Whose they are says what the other one went into, which their address does not name.
OF_MERGES = {"contacts.undo_merge", "leads.undo_merge"}


class Whose(NamedTuple):
    """Somebody, and a team."""

    user_id: UUID | None
    team: str


class Rows:
    """Rows that are given to whom a test wants."""

    def __init__(self, app: Application, calls: Calls, agency: AgencyUnderTest, *, untouched: bool) -> None:
        self.app = app
        self.calls = calls
        self.agency = agency
        self.untouched = untouched
        """Whether nobody reaches any of them."""
        self._kept: dict[Call, str] = {}
        self.maker = agency.member("owner")
        self.stranger = agency.newcomer("agent", team="South")
        agency.newcomer("agent", team="North")

    def address(self, call: Call, whose: Whose) -> str:
        """The address of the call, with rows that are somebody's."""
        # What is only read, and what is never reached, is there the next time as well.
        address = self._kept.get(call) or self.calls.prepare(call, self.maker)
        if self.untouched or call.method == "GET":
            self._kept[call] = address
        self._give([UUID(found) for found in _ID.findall(address)], whose)
        return address

    def _give(self, ids: list[UUID], whose: Whose) -> None:
        with self.app.app_context(), unit_of_work(), acting_as(system(self.agency.id)):
            team_id = db.session.scalar(select(Team.id).where(Team.name == whose.team))
            for each in with_owners():
                if each.ownership is None or not self._is_loaded(each.__module__):
                    continue
                owner, team = each.ownership.owner, each.ownership.team
                values = {owner: whose.user_id, **({} if team is None else {team: team_id})}
                options = {"include_deleted": True, "synchronize_session": False}
                given = update(each.model).where(each.model.id.in_(ids)).values(values)
                db.session.execute(given, execution_options=options)

    def _is_loaded(self, module: str) -> bool:
        return owner_of_module(module) in self.app.extensions["tripfile.plugins"].plugins


@pytest.fixture
def rows(app: Application, calls: Calls, make_agency: MakeAgency) -> Rows:
    made = Rows(app, calls, make_agency(), untouched=False)
    declared = app.extensions["tripfile.plugins"].permissions
    for code, scope in LIMITED.items():
        grants = {name: str(scope if scope in each.scopes else each.widest) for name, each in declared.items()}
        ok(made.maker.post("/roles", {"code": code, "name": code, "permissions": grants}), 201)
    return made


@pytest.fixture(scope="module")
def elsewhere(app: Application, calls: Calls, make_agency: MakeAgency) -> Rows:
    """Another agency."""
    return Rows(app, calls, make_agency(), untouched=True)


def scope_of(app: Application, role: str, permission: str | None) -> Scope | None:
    declared = app.extensions["tripfile.plugins"].permissions
    found = declared[permission or ""]
    if role in LIMITED:
        return LIMITED[role] if LIMITED[role] in found.scopes else found.widest
    return builtin.grants(role, declared.values()).get(found.name)


def limited(app: Application, calls: Calls) -> list[Call]:
    """The routes about one row whose permission may be limited to some rows."""
    declared = app.extensions["tripfile.plugins"].permissions
    found = [each for each in calls.guarded() if calls.is_about_a_row(each) and each.operation not in OF_MERGES]
    return [each for each in found if Scope.OWN in declared[each.route.permission].scopes]


class TestRows:
    # An administrator may do what an owner may.
    @pytest.mark.parametrize("role", [*(code for code in builtin.NAMES if code != "admin"), *LIMITED])
    def test_are_reached_as_far_as_the_role_does(
        self, app: Application, calls: Calls, rows: Rows, elsewhere: Rows, role: str
    ) -> None:
        member = rows.agency.newcomer(role, team="North")
        kinds = {
            "own": Whose(member.user_id, "South"),
            "team": Whose(rows.stranger.user_id, "North"),
            "other": Whose(rows.stranger.user_id, "South"),
            "foreign": Whose(elsewhere.stranger.user_id, "North"),
        }
        problems, tried = [], 0
        for call in limited(app, calls):
            scope = scope_of(app, role, call.route.permission)
            reach = REACH[scope] if self._has_teams(call) or scope is Scope.ALL else REACH[scope] - {"team"}
            for kind, whose in kinds.items():
                of = elsewhere if kind == "foreign" else rows
                address = of.address(call, whose)
                tried += 1
                found = self._answer(calls, call, member, address, rows.maker)
                if not self._is_right(call, found, granted=scope is not None, reached=kind in reach):
                    problems.append(f"{call} answered {found} to {role} ({scope}) about a row that is {kind}")
        assert not problems, "\n".join(problems)
        assert tried > 40

    def _has_teams(self, call: Call) -> bool:
        """Whether what it is about is a team's too."""
        plugin = call.rule.split("/")[1].replace("-", "_")
        return any(
            each.ownership is not None and each.ownership.team is not None
            for each in with_owners()
            if owner_of_module(each.__module__) == plugin
        )

    def _answer(self, calls: Calls, call: Call, member: ApiClient, address: str, owner: ApiClient) -> tuple[int, str]:
        response = calls.make(call, member, address=address, body=calls.body(call, owner))
        code = response.json["code"] if response.content_type == "application/problem+json" else ""  # type: ignore[index]
        return response.status_code, code

    def _is_right(self, call: Call, found: tuple[int, str], *, granted: bool, reached: bool) -> bool:
        if not granted:
            return found == (403, "forbidden")
        if not reached:
            return found == (404, "not_found")
        return found[0] != 404 and (found != (403, "forbidden") or call.operation in OF_AUTHORS)
