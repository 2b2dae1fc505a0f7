"""What a session may do that an agency's own provider vouched for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from core.actor import system
from core.auth.models import AuthSession
from core.auth.once import one_time
from core.auth.once.purposes import SECOND_STEP
from core.db.session import apart, unit_of_work
from core.db.tenancy import acting_as
from core.http.application import Application
from core.http.contract import rule_of
from core.roles.repository import roles
from core.testing.clients import ok, problem
from core.testing.factories import AgencyUnderTest
from core.users.models import Membership
from core.users.repository import members
from tests.core.factors.test_requirements import ask_for_factor
from tests.core.oidc.conftest import Trusting
from tests.core.oidc.provider import Provider

SessionsOf = Callable[[UUID], list[AuthSession]]


class TestConfinement:
    @pytest.fixture
    def elsewhere(self, app: Application, trusting: Trusting, other_agency: AgencyUnderTest) -> AgencyUnderTest:
        """Another agency, which the member belongs to as well."""
        user_id = trusting.member()
        with app.app_context(), unit_of_work(), acting_as(system(other_agency.id)):
            members.add(Membership(user_id=user_id, state="active"))
            members.give_roles(user_id, [roles.by_codes(["owner"])["owner"]])
        return other_agency

    def test_the_session_does_not_lead_to_the_persons_other_agencies(
        self, trusting: Trusting, elsewhere: AgencyUnderTest
    ) -> None:
        client = trusting.client(trusting.sign_in())
        assert problem(client.post("/auth/switch", {"agency": elsewhere.slug})) == (403, "confined_session")

    def test_nor_tells_which_they_are(self, trusting: Trusting, elsewhere: AgencyUnderTest) -> None:
        tokens = ok(trusting.sign_in(), 200)
        assert [each["slug"] for each in tokens["agencies"]] == [trusting.agency.slug]
        again = ok(trusting.nobody.post("/auth/refresh", {"refresh_token": tokens["refresh_token"]}))
        assert [each["slug"] for each in again["agencies"]] == [trusting.agency.slug]

    def test_another_agencys_provider_does_not_know_a_link_of_this_one(
        self, app: Application, trusting: Trusting, elsewhere: AgencyUnderTest, provider: Provider
    ) -> None:
        """The same issuer and subject: what one agency trusts is nothing to the other."""
        ok(trusting.sign_in(), 200)
        other = Trusting(app, elsewhere, provider)
        other.trust(email_domains=["another.example"])
        assert problem(other.sign_in()) == (403, "oidc_not_a_member")

    def test_no_route_changes_the_person_or_shows_their_other_agencies(
        self, app: Application, trusting: Trusting
    ) -> None:
        """Every route that asks for no permission is decided here: within the agency, or refused."""
        trusting.member()
        client = trusting.client(trusting.sign_in())
        open_ones = set()
        for rule in app.url_map.iter_rules():
            declared = rule_of(app.view_functions[rule.endpoint])
            if declared is None or not declared.signed_in:
                continue
            if not (declared.everywhere or declared.step_up):
                open_ones.add(rule.endpoint)
                continue
            address = rule.rule.removeprefix(app.settings.api_prefix).split("<")[0]
            values = "019f0000-0000-7000-8000-000000000000" if "<" in rule.rule else ""
            method = next(iter((rule.methods or set()) - {"HEAD", "OPTIONS"}))
            tail = rule.rule.partition(">")[2]
            found = problem(client.call(method, f"{address}{values}{tail}", version="*"))
            assert found == (403, "confined_session"), f"{method} {rule.rule}: {found}"
        assert open_ones <= WITHIN_THE_AGENCY, sorted(open_ones - WITHIN_THE_AGENCY)

    def test_no_second_factor_is_set_up_for_who_works_there_alone(self, trusting: Trusting) -> None:
        """It would be the person's in every agency they join later, and the provider's administrator would have it."""
        trusting.member("agent")
        ok(ask_for_factor(trusting.owner, "agent"))
        assert problem(trusting.sign_in()) == (403, "second_factor_missing")

    def test_nor_for_whom_the_provider_made(self, trusting: Trusting) -> None:
        trusting.change(new_member_role="read_only")
        ok(ask_for_factor(trusting.owner, "read_only"))
        assert problem(trusting.sign_in()) == (403, "second_factor_missing")

    def test_not_even_by_a_challenge_that_says_so(self, app: Application, trusting: Trusting) -> None:
        user_id = trusting.member("agent")
        data = {"agency": trusting.agency.slug, "methods": ["oidc"], "enrol": True, "ends_at": None, "parent_id": None}
        with app.app_context(), apart() as session:
            whose = {"user_id": user_id, "agency_id": trusting.agency.id}
            challenge = one_time.hand_out(session, SECOND_STEP, lifetime=timedelta(minutes=5), data=data, **whose)
        for address in ("/auth/enrolment/totp", "/auth/enrolment/passkey/options"):
            assert problem(trusting.nobody.post(address, {"challenge": challenge})) == (401, "invalid_challenge")

    def test_a_second_factor_the_provider_saw_is_enough_where_it_is_trusted(
        self, trusting: Trusting, provider: Provider
    ) -> None:
        trusting.member("agent")
        trusting.change(trusts_second_factor=True)
        ok(ask_for_factor(trusting.owner, "agent"))
        provider.claims["amr"] = ["mfa"]
        ok(trusting.sign_in(), 200)


WITHIN_THE_AGENCY = {
    "auth.hand_out_socket_ticket",
    "auth.logout",
    "auth.me",
    "auth_proofs.proof_options",
    "auth_proofs.prove",
    "impersonation.end",
    "jobs.cancel_mine",
    "jobs.search_mine",
    "jobs.show_mine",
    "notifications.change_preferences",
    "notifications.count_unread",
    "notifications.mute",
    "notifications.read",
    "notifications.read_upto",
    "notifications.search",
    "notifications.search_mutes",
    "notifications.set_up_push",
    "notifications.show",
    "notifications.show_preferences",
    "notifications.show_push",
    "notifications.take_away_push",
    "notifications.unmute",
    "privacy.hand_out_mine",
    "users.show_me",
}
"""What a session may do that an agency's provider vouched for: it shows and changes nothing beyond the agency."""
