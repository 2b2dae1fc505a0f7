"""Domains of e-mail addresses: proven by a record, by the operator, or not at all."""

from __future__ import annotations

from typing import Any

import dns.rcode
import pytest

from core.auth.accounts import identities
from core.http.application import Application
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from tests.core.oidc.conftest import Claim, Trusting, check, shown
from tests.core.oidc.provider import Provider
from tests.core.oidc.zone import Zone

NOT_A_MEMBER = (403, "oidc_not_a_member")


@pytest.fixture
def trusting(app: Application, agency: AgencyUnderTest, provider: Provider) -> Trusting:
    """An agency with a provider for people of a domain that it has not proven."""
    found = Trusting(app, agency, provider)
    found.trust(proven=False, new_member_role="agent")
    return found


class TestProof:
    def test_is_a_record_that_only_the_owner_of_the_domain_can_set(
        self, trusting: Trusting, zone: Zone, claim: Claim
    ) -> None:
        listed = claim()
        assert shown(trusting, listed) == (None, None)
        assert listed["record_name"] == f"_tripfile.{trusting.provider.domain}"
        assert problem(trusting.sign_in()) == NOT_A_MEMBER
        check(trusting, listed)
        assert shown(trusting, listed) == ("dns", "found")
        assert zone.asked == [listed["record_name"]]
        ok(trusting.sign_in(), 200)
        (event,) = ok(trusting.owner.get("/audit?name=oidc.domain_proven"))["items"]
        assert (event["payload"]["domain"], event["payload"]["by"]) == (trusting.provider.domain, "dns")

    @pytest.mark.parametrize("stands", [None, [], ["tripfile-domain="], ["tripfile-domain=" + "0" * 40]])
    def test_is_no_other_record(self, trusting: Trusting, zone: Zone, claim: Claim, stands: list[str] | None) -> None:
        listed = claim()
        del zone.records[listed["record_name"]]
        if stands is not None:
            zone.records[listed["record_name"]] = stands
        check(trusting, listed)
        assert shown(trusting, listed) == (None, "missing")
        assert problem(trusting.sign_in()) == NOT_A_MEMBER

    def test_of_one_agency_is_none_of_another(
        self, app: Application, trusting: Trusting, claim: Claim, other_agency: AgencyUnderTest, provider: Provider
    ) -> None:
        """The record of the one stands in the zone; the other lists the same domain."""
        check(trusting, claim())
        thief = Trusting(app, other_agency, provider)
        thief.trust(proven=False, new_member_role="agent")
        listed = ok(thief.owner.post("/oidc/domains", {"domain": provider.domain}), 201)
        check(thief, listed)
        assert shown(thief, listed) == (None, "missing")
        assert problem(thief.sign_in()) == NOT_A_MEMBER

    def test_of_a_domain_is_none_of_those_below(self, trusting: Trusting, provider: Provider, claim: Claim) -> None:
        check(trusting, claim())
        trusting.change(email_domains=[f"sub.{provider.domain}", provider.domain])
        provider.claims["email"] = f"ana@sub.{provider.domain}"
        assert problem(trusting.sign_in()) == NOT_A_MEMBER

    def test_waits_where_no_resolver_can_tell(self, trusting: Trusting, zone: Zone, claim: Claim) -> None:
        listed = claim()
        zone.rcode = dns.rcode.SERVFAIL
        check(trusting, listed)
        assert shown(trusting, listed) == (None, "no_answer")

    def test_ends_when_the_domain_is_taken_off_the_list(self, trusting: Trusting, claim: Claim) -> None:
        listed = claim()
        check(trusting, listed)
        ok(trusting.owner.delete(f"/oidc/domains/{listed['id']}", version="*"), 204)
        assert problem(trusting.sign_in()) == NOT_A_MEMBER


class TestAsking:
    """A name server of somebody's choice is waited for."""

    def test_is_limited_for_all_of_an_agency_together(
        self, app: Application, trusting: Trusting, claim: Claim, other_agency: AgencyUnderTest, provider: Provider
    ) -> None:
        place = f"/oidc/domains/{claim()['id']}/check"
        owners = [trusting.agency.newcomer("owner") for _ in range(3)]
        answers = [owners[number % 3].post(place).status_code for number in range(6)]
        assert answers == [200] * 5 + [429]
        assert owners[0].get("/oidc/domains").status_code == 200
        elsewhere = Trusting(app, other_agency, provider)
        check(elsewhere, ok(elsewhere.owner.post("/oidc/domains", {"domain": provider.domain}), 201))

    def test_is_not_used_up_by_who_may_not(self, trusting: Trusting, claim: Claim) -> None:
        place, agent = f"/oidc/domains/{claim()['id']}/check", trusting.agency.newcomer("agent")
        assert [agent.post(place).status_code for _ in range(7)] == [403] * 7
        ok(trusting.owner.post(place), 200)


class TestList:
    def test_names_each_domain_once_as_addresses_have_it(self, trusting: Trusting) -> None:
        ok(trusting.owner.post("/oidc/domains", {"domain": "sunrise.example"}), 201)
        assert problem(trusting.owner.post("/oidc/domains", {"domain": "sunrise.example"})) == (409, "domain_listed")
        for wrong in ("Sunrise.example", "sunrise", "-a.example", "a..example", "x" * 64 + ".example", "a.example."):
            assert list(faults(trusting.owner.post("/oidc/domains", {"domain": wrong}))) == ["/domain"]

    def test_takes_every_right_there_is(self, trusting: Trusting, api: ApiClient, agency: AgencyUnderTest) -> None:
        ok(api.post("/roles", {"code": "idp", "name": "idp", "permissions": {"oidc.manage": "all"}}), 201)
        clerk = agency.newcomer("idp")
        listed = ok(trusting.owner.post("/oidc/domains", {"domain": "dusk.example"}), 201)
        place, refused = f"/oidc/domains/{listed['id']}", (403, "forbidden")
        assert problem(clerk.post("/oidc/domains", {"domain": "moon.example"})) == refused
        assert problem(clerk.post(f"{place}/check")) == refused
        assert problem(clerk.delete(place, version="*")) == refused


class TestAnUnprovenDomain:
    """Whoever runs the provider says whatever they like of anybody."""

    def test_brings_in_no_member_by_their_address(self, trusting: Trusting) -> None:
        trusting.member()
        assert problem(trusting.sign_in()) == NOT_A_MEMBER

    @pytest.mark.parametrize("new_member_role", ["agent", None])
    def test_tells_nothing_of_who_has_an_account(
        self, trusting: Trusting, other_agency: AgencyUnderTest, provider: Provider, new_member_role: str | None
    ) -> None:
        trusting.change(new_member_role=new_member_role)
        trusting.member(agency=other_agency)
        answers = []
        for name in ("ana", "nobody-at-all"):
            provider.claims["email"] = f"{name}@{provider.domain}"
            answer = trusting.sign_in()
            told: dict[str, Any] = answer.get_json()
            answers.append(told | {"request_id": "", "instance": "", "trace_id": ""})
        assert answers[0] == answers[1]
        assert (answers[0]["status"], answers[0]["code"]) == NOT_A_MEMBER
        assert ok(trusting.owner.get("/oidc/links"))["items"] == []

    def test_makes_nobody(self, trusting: Trusting, app: Application, provider: Provider) -> None:
        assert problem(trusting.sign_in()) == NOT_A_MEMBER
        with app.app_context():
            assert identities.find(f"ana@{provider.domain}") is None


class TestAProvenDomain:
    def test_answers_alike_whether_there_is_an_account_elsewhere(
        self, trusting: Trusting, claim: Claim, other_agency: AgencyUnderTest, provider: Provider
    ) -> None:
        check(trusting, claim())
        trusting.member(agency=other_agency)
        for name in ("ana", "nobody-at-all"):
            provider.claims |= {"email": f"{name}@{provider.domain}", "sub": name}
            ok(trusting.sign_in(), 200)
