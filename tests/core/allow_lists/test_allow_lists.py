from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner
from werkzeug.test import TestResponse

from core.actor import Actor, system
from core.allow_lists import attempts, boundary, commands
from core.allow_lists.errors import AddressNotAllowed
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.http.application import Application
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from core.users import service
from tests.core.api_keys.conftest import Key
from tests.core.auth.conftest import Person, eventually, refresh

OFFICE, HOME, HERE = "192.0.2.10", "198.51.100.7", "127.0.0.1"
OFFICES = [{"network": "192.0.2.0/24", "note": "Lisbon"}, {"network": "127.0.0.1"}, {"network": "2001:db8::/32"}]
AT_HOME = [{"network": "198.51.100.0/24"}, {"network": "127.0.0.1"}]
REFUSED = (403, "address_not_allowed")


def at(address: str, api: ApiClient, method: str = "GET", path: str = "/leads", **more: Any) -> TestResponse:
    """A call from some address."""
    return api.call(method, path, environ_base={"REMOTE_ADDR": address}, **more)


def restrict(api: ApiClient, networks: Any = None, role: str | None = None, address: str = HERE) -> TestResponse:
    """Make a list."""
    draft = {"networks": networks or OFFICES, **({"role": role} if role else {})}
    return at(address, api, "POST", "/allow-lists", json=draft)


def refusals(api: ApiClient) -> list[dict[str, Any]]:
    """What the log tells of attempts, the oldest first."""
    events = ok(api.get("/audit?limit=200"))["items"]
    return [each["payload"] for each in events if each["name"] == "allow_lists.address_refused"]


class TestARolesNewcomer:
    def test_is_bound_from_the_first_moment(
        self, app: Application, api: ApiClient, agency: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        ok(restrict(api, role="accountant"), 201)
        ok(at(OFFICE, agency.newcomer("agent")))
        new = other_agency.newcomer("agent").user_id
        assert new is not None
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            service.join(new, ["accountant"], [], giver=system(agency.id))
        with app.test_request_context(), pytest.raises(AddressNotAllowed):
            boundary.admit(Actor(kind="user", agency_id=agency.id, user_id=new), HOME)


class TestAnAgencysList:
    @pytest.mark.parametrize(
        ("address", "status"),
        [
            (OFFICE, 200),
            (HOME, 403),
            ("192.0.3.0", 403),
            ("::ffff:192.0.2.10", 200),
            ("::ffff:198.51.100.7", 403),
            ("2001:db8:1::1", 200),
            ("2001:db9::1", 403),
            ("", 403),
            ("not an address", 403),
        ],
    )
    def test_lets_nobody_in_from_elsewhere(
        self, api: ApiClient, agency: AgencyUnderTest, address: str, status: int
    ) -> None:
        ok(restrict(api), 201)
        for member in (api, agency.newcomer("agent")):
            answer = at(address, member)
            assert answer.status_code == status
            assert status == 200 or problem(answer) == REFUSED

    def test_leaves_other_agencies_alone(self, api: ApiClient, other_agency: AgencyUnderTest) -> None:
        ok(restrict(api), 201)
        ok(at(HOME, other_agency.member("owner")))

    def test_gives_no_tokens_to_somebody_outside(
        self,
        app: Application,
        api: ApiClient,
        person: Person,
    ) -> None:
        ok(restrict(api), 201)
        credentials = {"email": person.email, "password": "a long and quiet passphrase"}
        outside = at(HOME, ApiClient(app), "POST", "/auth/login", json=credentials)
        assert problem(outside) == REFUSED
        assert "access_token" not in outside.get_json()
        ok(at(OFFICE, ApiClient(app), "POST", "/auth/login", json=credentials))

    def test_refuses_to_refresh_outside_and_takes_the_same_token_inside(
        self,
        app: Application,
        api: ApiClient,
        person: Person,
    ) -> None:
        tokens = person.tokens()
        ok(restrict(api), 201)
        body = {"refresh_token": tokens["refresh_token"]}
        for _ in range(3):
            assert problem(at(HOME, ApiClient(app), "POST", "/auth/refresh", json=body)) == REFUSED
        ok(refresh(app, tokens["refresh_token"]))

    def test_counts_in_every_process_within_two_seconds(
        self,
        elsewhere: Application,
        agency: AgencyUnderTest,
        api: ApiClient,
    ) -> None:
        there = ApiClient(elsewhere, agency.member("agent").token)
        ok(at(HOME, there))
        made = ok(restrict(api), 201)
        eventually(lambda: at(HOME, there).status_code == 403)
        ok(api.delete(f"/allow-lists/{made['id']}", version="*"), 204)
        eventually(lambda: at(HOME, there).status_code == 200)

    def test_costs_no_statement(self, agency: AgencyUnderTest, api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
        ok(restrict(api), 201)
        agent = agency.newcomer("agent")
        ok(at(OFFICE, agent))
        ok(at(OFFICE, agent))
        asked: list[Any] = []
        monkeypatch.setattr(boundary, "read", asked.append)
        for _ in range(20):
            ok(at(OFFICE, agent))
        assert asked == []


class TestListsOfRoles:
    """Whoever holds several roles must be on every list that one of them has."""

    @pytest.mark.parametrize("listed", [*itertools.product((None, "office", "home"), repeat=3)])
    def test_hold_together_with_the_agencys(
        self, api: ApiClient, agency: AgencyUnderTest, listed: tuple[str | None, ...]
    ) -> None:
        networks = {"office": OFFICES, "home": AT_HOME}
        member = agency.newcomer("agent")
        ok(api.patch(f"/users/{member.user_id}", {"roles": ["agent", "accountant"]}, version="*"))
        for role, name in zip((None, "agent", "accountant"), listed, strict=True):
            if name:
                ok(restrict(api, networks[name], role), 201)
        for address, place in ((OFFICE, "office"), (HOME, "home")):
            allowed = all(name in (None, place) for name in listed)
            assert at(address, member).status_code == (200 if allowed else 403)

    def test_count_from_the_moment_somebody_gets_the_role(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        member = agency.newcomer("agent")
        ok(restrict(api, role="accountant"), 201)
        ok(at(HOME, member))
        ok(api.patch(f"/users/{member.user_id}", {"roles": ["agent", "accountant"]}, version="*"))
        assert problem(at(HOME, member)) == REFUSED
        ok(api.patch(f"/users/{member.user_id}", {"roles": ["agent"]}, version="*"))
        ok(at(HOME, member))

    def test_hold_for_owners_too(self, api: ApiClient) -> None:
        ok(restrict(api, role="owner"), 201)
        assert problem(at(HOME, api)) == REFUSED


class TestKeys:
    def test_must_be_on_the_lists_of_agency_owner_and_key(
        self,
        api: ApiClient,
        agency: AgencyUnderTest,
        make_key: Callable[..., Key],
    ) -> None:
        agent = agency.newcomer("agent")
        key = make_key(agent, {"leads.read": "own"}, networks=["192.0.2.0/24", "198.51.100.0/24"])
        assert [at(address, key.api).status_code for address in (OFFICE, HOME, "203.0.113.1")] == [200, 200, 403]
        made = ok(restrict(api, role="agent"), 201)
        assert [at(address, key.api).status_code for address in (OFFICE, HOME)] == [200, 403]
        ok(api.delete(f"/allow-lists/{made['id']}", version="*"), 204)
        ok(restrict(api, AT_HOME), 201)
        assert [at(address, key.api).status_code for address in (OFFICE, HOME)] == [403, 200]


class TestLockingOneselfOut:
    def test_by_a_list_of_the_agency_is_refused(self, api: ApiClient) -> None:
        assert problem(restrict(api, address=HOME)) == (409, "would_lock_you_out")
        ok(at(HOME, api))

    def test_by_a_list_of_ones_own_role_is_refused(self, api: ApiClient) -> None:
        assert problem(restrict(api, role="owner", address=HOME)) == (409, "would_lock_you_out")
        ok(restrict(api, role="agent", address=HOME), 201)

    def test_by_a_change_is_refused(self, api: ApiClient) -> None:
        made = ok(restrict(api), 201)
        path, change = f"/allow-lists/{made['id']}", {"networks": [{"network": "198.51.100.0/24"}]}
        assert problem(at(OFFICE, api, "PATCH", path, json=change, version="*")) == (409, "would_lock_you_out")
        ok(at(OFFICE, api, "PATCH", path, json={"networks": [{"network": OFFICE}]}, version="*"))
        ok(at(OFFICE, api))

    def test_is_undone_by_the_operator(self, app: Application, api: ApiClient, agency: AgencyUnderTest) -> None:
        ok(restrict(api), 201)
        ok(restrict(api, role="agent"), 201)
        assert problem(at(HOME, api)) == REFUSED
        with app.app_context(), unit_of_work():
            clear = commands.allow_list.commands["clear"]
            result = CliRunner().invoke(clear, ["--agency", agency.slug], catch_exceptions=False)
        assert "had 2 lists" in result.output
        ok(at(HOME, api))
        assert "allow_lists.allow_lists_cleared" in {each["name"] for each in ok(api.get("/audit?limit=50"))["items"]}


class TestChanging:
    def test_spells_networks_in_one_way(self, api: ApiClient) -> None:
        sent = [{"network": text} for text in ("10.1.2.3/8", " 127.0.0.1", "2001:DB8::1/32", "::ffff:192.0.2.0/120")]
        made = ok(restrict(api, sent), 201)
        spelled = [each["network"] for each in made["networks"]]
        assert spelled == ["10.0.0.0/8", "127.0.0.1/32", "2001:db8::/32", "192.0.2.0/24"]

    def test_refuses_what_is_no_network(self, api: ApiClient) -> None:
        found = faults(restrict(api, [{"network": "office"}, {"network": HERE}, {"network": "10.0.0.0/33"}]))
        assert found == {"/networks/0/network": "network", "/networks/2/network": "network"}

    def test_refuses_a_second_list_of_the_same(self, api: ApiClient) -> None:
        for role in (None, "agent"):
            ok(restrict(api, role=role), 201)
            assert problem(restrict(api, role=role)) == (409, "already_listed")
        assert faults(restrict(api, role="nobody")) == {"/role": "unknown_role"}

    def test_is_for_administrators(self, agency: AgencyUnderTest) -> None:
        for role in ("manager", "agent", "read_only"):
            assert problem(restrict(agency.newcomer(role))) == (403, "forbidden")

    def test_stands_in_the_log(self, api: ApiClient) -> None:
        made = ok(restrict(api), 201)
        ok(api.patch(f"/allow-lists/{made['id']}", {"networks": [{"network": HERE}]}, version="*"))
        event = next(
            each for each in ok(api.get("/audit?limit=50"))["items"] if each["name"] == "allow_lists.allow_list_changed"
        )
        assert event["payload"]["networks"] == ["127.0.0.1/32"]
        assert "192.0.2.0/24" in event["payload"]["from_networks"]


class TestAttempts:
    def test_are_recorded_with_who_and_where_from(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        ok(restrict(api), 201)
        agent = agency.newcomer("agent")
        assert problem(at(HOME, agent)) == REFUSED
        assert refusals(api) == [{"user_id": str(agent.user_id), "key_id": None, "refused_by": "agency"}]
        (event,) = ok(api.get("/audit?name=allow_lists.address_refused"))["items"]
        assert event["ip"] == HOME

    def test_of_one_person_and_network_are_recorded_once(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        ok(restrict(api), 201)
        agent = agency.newcomer("agent")
        for number in range(20):
            at(HOME, agent)
            # One subscriber has a whole /64.
            at(f"2001:db9::{number:x}", agent)
        assert len(refusals(api)) == 2
        at(HOME, agency.newcomer("agent"))
        assert len(refusals(api)) == 3

    def test_never_fill_the_log(self, api: ApiClient, agency: AgencyUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(attempts, "MOST", 5)
        ok(restrict(api), 201)
        agent = agency.newcomer("agent")
        for number in range(20):
            assert problem(at(f"198.51.100.{number}", agent)) == REFUSED
        assert len(refusals(api)) == 5

    def test_count_by_address_and_not_against_the_person(
        self, app: Application, api: ApiClient, agency: AgencyUnderTest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ok(restrict(api), 201)
        answer = at(HOME, agency.newcomer("agent"))
        assert '"anonymous"' in answer.headers["RateLimit-Policy"]
        assert '"user"' not in answer.headers["RateLimit-Policy"]
