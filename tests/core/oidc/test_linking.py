"""Saying oneself who one is with a provider: the way in while no domain is proven."""

from __future__ import annotations

from typing import Any

import pytest

from core.http.application import Application
from core.testing.clients import ApiClient, ok, problem
from core.testing.factories import AgencyUnderTest
from tests.core.oidc.conftest import Trusting
from tests.core.oidc.provider import Provider

NOT_A_MEMBER = (403, "oidc_not_a_member")
UNKNOWN = (401, "oidc_state_unknown")


@pytest.fixture
def trusting(app: Application, agency: AgencyUnderTest, provider: Provider) -> Trusting:
    """An agency that has proven no domain."""
    found = Trusting(app, agency, provider)
    found.trust(proven=False, new_member_role="agent")
    return found


def begin(person: ApiClient, trusting: Trusting) -> dict[str, Any]:
    found: dict[str, Any] = ok(person.post("/oidc/link/start", {"provider_id": trusting.id}), 200)
    return found


def came(trusting: Trusting, begun: dict[str, Any]) -> dict[str, Any]:
    back: dict[str, Any] = trusting.provider.visit(begun["authorization_url"]) | {"binding": begun["binding"]}
    return back


def link(person: ApiClient, trusting: Trusting) -> Any:
    return person.post("/oidc/link", came(trusting, begin(person, trusting)))


class TestLinking:
    def test_lets_a_member_in_whatever_address_the_provider_tells(
        self, agency: AgencyUnderTest, trusting: Trusting, provider: Provider
    ) -> None:
        eva = agency.newcomer("agent")
        provider.claims = {"email": "somebody@else.example", "email_verified": False}
        made = ok(link(eva, trusting), 200)
        assert (made["user_id"], made["subject"]) == (str(eva.user_id), "person-1")
        assert ok(trusting.client(trusting.sign_in()).get("/auth/me"))["user"]["id"] == str(eva.user_id)
        (event,) = ok(trusting.owner.get("/audit?name=oidc.identity_linked"))["items"]
        assert (event["payload"]["by_themselves"], event["actor_id"]) == (True, str(eva.user_id))

    def test_twice_is_once_and_nobody_is_two(
        self, agency: AgencyUnderTest, trusting: Trusting, provider: Provider
    ) -> None:
        eva, rui = agency.newcomer("agent"), agency.newcomer("agent")
        assert ok(link(eva, trusting), 200) == ok(link(eva, trusting), 200)
        otherwise = (409, "oidc_linked_otherwise")
        assert problem(link(rui, trusting)) == otherwise
        provider.claims["sub"] = "person-2"
        assert problem(link(eva, trusting)) == otherwise

    def test_signs_nobody_in_and_a_sign_in_links_nobody(self, agency: AgencyUnderTest, trusting: Trusting) -> None:
        eva = agency.newcomer("agent")
        assert problem(trusting.finish(came(trusting, begin(eva, trusting)))) == UNKNOWN
        assert problem(eva.post("/oidc/link", came(trusting, trusting.begin()))) == UNKNOWN

    def test_is_completed_by_who_began_it(self, agency: AgencyUnderTest, trusting: Trusting) -> None:
        """Otherwise somebody is made to link another's identity there to their own account here."""
        eva, rui = agency.newcomer("agent"), agency.newcomer("agent")
        assert problem(rui.post("/oidc/link", came(trusting, begin(eva, trusting)))) == UNKNOWN

    def test_is_for_members_of_the_providers_agency(self, trusting: Trusting, other_agency: AgencyUnderTest) -> None:
        stranger = other_agency.newcomer("agent")
        assert problem(stranger.post("/oidc/link/start", {"provider_id": trusting.id})) == (404, "not_found")

    def test_is_nothing_for_owners_unless_an_owner_said_so(self, trusting: Trusting) -> None:
        assert problem(link(trusting.owner, trusting)) == NOT_A_MEMBER
        trusting.change(vouches_for_owners=True)
        ok(link(trusting.owner, trusting), 200)

    def test_takes_a_session_that_the_provider_did_not_open(self, agency: AgencyUnderTest, trusting: Trusting) -> None:
        ok(link(agency.newcomer("agent"), trusting), 200)
        confined = trusting.client(trusting.sign_in())
        assert problem(confined.post("/oidc/link/start", {"provider_id": trusting.id})) == (403, "confined_session")
