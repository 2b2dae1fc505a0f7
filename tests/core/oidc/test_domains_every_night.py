"""What happens at night to domains: records are looked for, proofs go and come with them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import dns.rcode
import pytest
import time_machine
from click.testing import CliRunner

from core import clock
from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.http.application import Application
from core.oidc import domains, jobs
from core.oidc.commands import vouch
from core.testing.clients import ok, problem
from core.testing.factories import AgencyUnderTest
from tests.core.oidc.conftest import Claim, Trusting, check, shown
from tests.core.oidc.provider import Provider
from tests.core.oidc.zone import Zone
from tests.worker import Worker

NOT_A_MEMBER = (403, "oidc_not_a_member")


@pytest.fixture(scope="module")
def worker(app: Application) -> Worker:
    return Worker(app)


@pytest.fixture
def trusting(app: Application, agency: AgencyUnderTest, provider: Provider) -> Trusting:
    """An agency with a provider for people of a domain that it has not proven."""
    found = Trusting(app, agency, provider)
    found.trust(proven=False, new_member_role="agent")
    return found


class TestEveryNight:
    @pytest.fixture
    def look(self, app: Application, worker: Worker, agency: AgencyUnderTest) -> Callable[[], None]:
        """What happens at night."""

        def run() -> None:
            with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
                jobs.look_at_domains.enqueue()
            worker.work()

        return run

    def test_a_proof_goes_with_its_record(
        self, trusting: Trusting, zone: Zone, claim: Claim, look: Callable[[], None]
    ) -> None:
        listed = claim()
        check(trusting, listed)
        look()
        assert shown(trusting, listed) == ("dns", "found")
        zone.records[listed["record_name"]] = ["v=spf1 -all"]
        look()
        assert shown(trusting, listed) == (None, "missing")
        assert problem(trusting.sign_in()) == NOT_A_MEMBER
        assert ok(trusting.owner.get("/audit?name=oidc.domain_lost"))["items"]

    def test_a_proof_outlives_resolvers_that_fail_but_not_for_ever(
        self,
        app: Application,
        agency: AgencyUnderTest,
        trusting: Trusting,
        zone: Zone,
        claim: Claim,
        look: Callable[[], None],
    ) -> None:
        listed = claim()
        check(trusting, listed)
        zone.rcode = dns.rcode.SERVFAIL
        look()
        assert shown(trusting, listed) == ("dns", "no_answer")
        later = time_machine.travel(clock.now() + timedelta(days=8))
        with later, app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            (domain_id,) = domains.to_look_at()
            domains.look_again(domain_id)
            assert domains.view(domain_id).proven_by is None

    def test_a_proof_comes_back_with_its_record(
        self, trusting: Trusting, zone: Zone, claim: Claim, look: Callable[[], None]
    ) -> None:
        """A zone is edited for a minute, while it is looked at."""
        listed = claim()
        check(trusting, listed)
        stood, zone.records[listed["record_name"]] = zone.records[listed["record_name"]], []
        look()
        assert shown(trusting, listed) == (None, "missing")
        zone.records[listed["record_name"]] = stood
        look()
        assert shown(trusting, listed) == ("dns", "found")
        ok(trusting.sign_in(), 200)

    def test_a_record_that_is_set_later_is_found(
        self, trusting: Trusting, zone: Zone, claim: Claim, look: Callable[[], None]
    ) -> None:
        listed = claim()
        set_later = zone.records.pop(listed["record_name"])
        look()
        assert shown(trusting, listed) == (None, "missing")
        zone.records[listed["record_name"]] = set_later
        look()
        assert shown(trusting, listed) == ("dns", "found")

    def test_a_record_that_never_comes_is_looked_for_two_weeks(
        self, app: Application, agency: AgencyUnderTest, claim: Claim
    ) -> None:
        claim()
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            assert len(domains.to_look_at()) == 1
            with time_machine.travel(clock.now() + timedelta(days=15)):
                assert domains.to_look_at() == []

    def test_whoever_lists_many_has_the_latest_looked_for(
        self, app: Application, agency: AgencyUnderTest, trusting: Trusting, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(domains, "MOST_WAITED_FOR", 2)
        names = [f"d{number}.example" for number in range(3)]
        listed = [ok(trusting.owner.post("/oidc/domains", {"domain": name}), 201)["id"] for name in names]
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            assert [str(each) for each in domains.to_look_at()] == [listed[2], listed[1]]

    def test_the_operators_word_needs_no_record(
        self, app: Application, trusting: Trusting, zone: Zone, agency: AgencyUnderTest, look: Callable[[], None]
    ) -> None:
        with app.app_context(), unit_of_work():
            told = CliRunner().invoke(vouch, [trusting.provider.domain, "--agency", agency.slug])
            assert CliRunner().invoke(vouch, ["Sunrise", "--agency", agency.slug]).exit_code == 2
        assert told.exit_code == 0, told.output
        ok(trusting.sign_in(), 200)
        look()
        assert zone.asked == []
        (listed,) = ok(trusting.owner.get("/oidc/domains"))["items"]
        assert listed["proven_by"] == "operator"
