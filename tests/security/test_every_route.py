"""Every route there is, and every one there will be, against those who must not pass."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest
from werkzeug.test import TestResponse

from core.http.application import Application
from core.http.contract import Rule, rule_of
from core.plugins.mount import Route
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from tests.contract.calls import Calls
from tests.security import forging

# A route that all the world may call is a decision; whoever adds one writes down why.
PUBLIC = {
    "api_keys.report": "Whoever finds a key in the open tells us; the key itself is the proof.",
    "auth.login": "The way in.",
    "auth.refresh": "The refresh token is the credential.",
    "auth_links.finish_registration": "The link that was mailed is the proof.",
    "auth_links.forgotten": "Answers the same to everybody.",
    "auth_links.register": "The way in for newcomers; gives no role.",
    "auth_links.reset": "The link that was mailed is the proof.",
    "auth_links.set_up": "The token of the first start is the proof.",
    "auth_links.verify_email": "The link that was mailed is the proof.",
    "auth_links.undo_email_change": "The link that was mailed is the proof.",
    "auth_proofs.add_passkey": "The challenge of a first factor is the proof.",
    "auth_proofs.begin_totp": "The challenge of a first factor is the proof.",
    "auth_proofs.confirm_totp": "The challenge of a first factor is the proof.",
    "auth_proofs.passkey_creation": "The challenge of a first factor is the proof.",
    "auth_proofs.passkey_options": "A challenge to sign; the same for everybody.",
    "auth_proofs.passkey_sign_in": "The signature is the proof.",
    "auth_proofs.second_factor": "The challenge of a first factor is half of the proof.",
    "capture_pages.page": "People fill in what an agency asks of everybody; the key in its address was given away.",
    "capture_pages.thanks": "What they are told then.",
    "capture_public.begin": "When somebody began to fill it in.",
    "capture_public.draw": "What a website needs to draw it.",
    "capture_public.receive": "The sender's signature, secret or password is the proof.",
    "capture_public.send": "Takes in enquiries from all the world; answers the same to everybody.",
    "files.download": "The signed link is the proof.",
    "invitations.accept": "The link that was mailed is the proof.",
    "invitations.look": "The link that was mailed is the proof.",
    "oidc.finish": "The state that was handed out is the proof.",
    "oidc.list_choices": "Which providers an agency offers, before anybody signs in.",
    "oidc.start": "Leads to the provider.",
}
_PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")


@dataclass(frozen=True)
class Door:
    """One method of one route of a module or plugin."""

    method: str
    address: str
    """With ids of nobody where it has parameters."""
    endpoint: str
    rule: Rule
    route: Route

    def knock(self, app: Application, **headers: str) -> TestResponse:
        """Call it as it is, with nothing in it."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return app.test_client().open(self.address, method=self.method, headers={"If-Match": "*", **sent})


def doors(app: Application) -> Iterator[Door]:
    """Everything that is mounted, but for the machinery around it (health, documents)."""
    routes: dict[str, Route] = app.extensions["tripfile.routes"]
    for each in app.url_map.iter_rules():
        rule = rule_of(app.view_functions[each.endpoint])
        assert rule is not None, f"{each.endpoint} declares nothing"
        if rule.internal:
            continue
        address = _PARAMETER.sub(lambda found: str(uuid4()) if found[1] == "uuid" else "leads", each.rule)
        for method in sorted((each.methods or set()) - {"HEAD", "OPTIONS"}):
            yield Door(method, address, each.endpoint, rule, routes[each.endpoint])


@pytest.fixture(scope="module")
def guarded(app: Application) -> list[Door]:
    """Every route that asks who comes."""
    found = [door for door in doors(app) if not door.rule.public]
    assert len(found) > 60
    return found


@pytest.fixture(scope="module")
def stranger_s(make_agency: Callable[..., AgencyUnderTest]) -> AgencyUnderTest:
    return make_agency()


@pytest.fixture(scope="module")
def forged(app: Application, house: AgencyUnderTest, stranger_s: AgencyUnderTest) -> dict[str, str]:
    """Tokens that must not pass, by what is wrong with them."""
    return forging.bad(app, house.newcomer("owner"), house, stranger_s)


def lines(problems: list[str]) -> str:
    """What a failing test prints."""
    return "\n" + "\n".join(problems)


class TestPublic:
    def test_what_all_the_world_may_call_is_listed_with_its_reason(self, app: Application) -> None:
        found = {door.endpoint for door in doors(app) if door.rule.public}
        assert found - PUBLIC.keys() == set(), "say here why everybody may call it"
        assert PUBLIC.keys() - found == set(), "these are gone, or ask who comes by now"


class TestCredentials:
    def test_nobody_passes(self, app: Application, guarded: list[Door]) -> None:
        problems = [
            f"{door.method} {door.address}: {answer.status_code}"
            for door in guarded
            if (answer := door.knock(app)).status_code != 401 or answer.json["code"] != "unauthorized"  # type: ignore[index]
        ]
        assert not problems, lines(problems)

    def test_nothing_but_a_whole_and_good_token_passes(
        self, app: Application, guarded: list[Door], forged: dict[str, str]
    ) -> None:
        """All of them at one route, and at every route a few; the check is one for all."""
        problems = []
        kinds = [*forged.items()]
        for number, door in enumerate(guarded):
            some = kinds if number == 0 else [kinds[(number * 5 + step) % len(kinds)] for step in range(5)]
            for what, token in some:
                answer = door.knock(app, Authorization=f"Bearer {token}")
                if answer.status_code != 401:
                    problems.append(f"{door.method} {door.address} let pass: {what} ({answer.status_code})")
                elif "WWW-Authenticate" not in answer.headers:
                    problems.append(f"{door.method} {door.address} does not say how to sign in: {what}")
        assert not problems, lines(problems)

    @pytest.mark.parametrize(
        "what",
        ["expired", "wrong audience", "purpose reset", "alg none", "other key", "revoked session", "other agency"],
    )
    def test_the_best_known_ways_pass_nowhere(
        self, app: Application, guarded: list[Door], forged: dict[str, str], what: str
    ) -> None:
        problems = [
            f"{door.method} {door.address}: {answer.status_code}"
            for door in guarded
            if (answer := door.knock(app, Authorization=f"Bearer {forged[what]}")).status_code != 401
        ]
        assert not problems, lines(problems)

    def test_a_good_token_in_another_place_is_none(
        self, app: Application, guarded: list[Door], house: AgencyUnderTest
    ) -> None:
        token = house.newcomer("owner").token
        problems = []
        for door in guarded:
            for place in (
                {"Authorization": f"Basic {token}"},
                {"Authorization": f"Token {token}"},
                {"Authorization": f"{token}"},
                {"Cookie": f"access_token_cookie={token}; token={token}"},
                {"X_Access_Token": f"{token}"},
            ):
                answer = door.knock(app, **place)
                if answer.status_code != 401:
                    problems.append(f"{door.method} {door.address} took {[*place]}: {answer.status_code}")
            for name in ("access_token", "token", "jwt"):
                asked = Door(door.method, f"{door.address}?{name}={token}", door.endpoint, door.rule, door.route)
                if asked.knock(app).status_code not in {400, 401}:
                    problems.append(f"{door.method} {door.address} took ?{name}=")
        assert not problems, lines(problems)

    def test_staff_pass_no_route_of_the_portal_and_the_other_way_round(
        self, app: Application, guarded: list[Door], house: AgencyUnderTest
    ) -> None:
        staff = house.member("owner").token
        for door in guarded:
            if door.rule.audience != "staff":
                assert door.knock(app, Authorization=f"Bearer {staff}").status_code == 401, door


class TestRights:
    def test_who_was_given_nothing_may_do_nothing_that_asks_for_a_permission(
        self, app: Application, guarded: list[Door], house: AgencyUnderTest
    ) -> None:
        ok(house.newcomer("owner").post("/roles", {"code": "empty", "name": "Nothing", "permissions": {}}), 201)
        token = house.newcomer("empty").token
        problems = []
        for door in [each for each in guarded if each.rule.permission]:
            answer = door.knock(app, Authorization=f"Bearer {token}")
            if answer.status_code != 403:
                problems.append(f"{door.method} {door.address}: {answer.status_code}")
        assert not problems, lines(problems)

    def test_reading_is_not_writing(self, app: Application, guarded: list[Door], house: AgencyUnderTest) -> None:
        """Whoever may see everything is refused by each permission that is not theirs, before anything is read."""
        person = house.newcomer("read_only")
        mine = ok(person.get("/auth/me"))["permissions"]
        problems = []
        for door in guarded:
            if door.rule.permission and door.rule.permission not in mine:
                answer = door.knock(app, Authorization=f"Bearer {person.token}")
                if answer.status_code != 403:
                    problems.append(f"{door.method} {door.address}: {answer.status_code}")
        assert not problems, lines(problems)

    def test_ids_of_nobody_are_found_nowhere(
        self, app: Application, guarded: list[Door], house: AgencyUnderTest
    ) -> None:
        """An owner, who may everything: what does not exist and what is somebody else's look the same."""
        token = house.newcomer("owner").token
        for door in guarded:
            if door.method in {"GET", "DELETE"} and re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", door.address):
                answer = door.knock(app, Authorization=f"Bearer {token}")
                assert answer.status_code in {404, 200}, door
                if answer.status_code == 200:
                    assert answer.json["items"] == [], door  # type: ignore[index]


class TestOwnAccount:
    def test_what_is_a_colleague_s_own_does_not_exist(self, calls: Calls, house: AgencyUnderTest) -> None:
        """Sessions, keys, factors: even the owner of the agency reaches their own only."""
        first, second = house.newcomer("owner"), house.newcomer("owner")
        asked, problems = 0, []
        for call in calls.every:
            # What is put for the first time at an id of anything, as a mute, is the caller's own from then on.
            begins = call.method == "PUT" and not call.contract.if_match
            if call.route.signed_in and "uuid:" in call.rule and not begins:
                address = calls.prepare(call, first)
                response = calls.make(call, second, address=address, body=calls.body(call, second))
                asked += 1
                if response.status_code != 404:
                    problems.append(f"{call}: {response.status_code}")
        assert asked
        assert not problems, lines(problems)


class TestSwitchedOff:
    def test_no_route_of_a_plugin_that_the_agency_switched_off_answers(
        self, app: Application, guarded: list[Door], make_agency: Callable[..., AgencyUnderTest]
    ) -> None:
        agency = make_agency()
        owner = agency.member("owner")
        optional = [*app.extensions["tripfile.plugins"].optional]
        # Those that need others come last in load order, and go first.
        for name in reversed(optional):
            ok(owner.patch(f"/plugins/{name}", {"enabled": False}, version="*"))
        problems, asked = [], 0
        for door in guarded:
            if door.route.plugin in optional:
                asked += 1
                answer = door.knock(app, Authorization=f"Bearer {owner.token}")
                if answer.status_code != 404:
                    problems.append(f"{door.method} {door.address}: {answer.status_code}")
        assert asked
        assert not problems, lines(problems)


class TestOtherAgency:
    def test_a_member_of_another_agency_is_not_let_in_by_naming_it(
        self, app: Application, house: AgencyUnderTest, stranger_s: AgencyUnderTest, guarded: list[Door]
    ) -> None:
        """No header or parameter moves a caller into another agency."""
        stranger = stranger_s.member("owner")
        for name in ("X-Agency", "X-Agency-Id", "X-Tenant", "Agency"):
            found = ApiClient(app, stranger.token).get("/agencies/current", headers={name: str(house.id)})
            assert ok(found)["id"] == str(stranger_s.id)
        assert stranger.get(f"/agencies/current?agency_id={house.id}").status_code == 422
