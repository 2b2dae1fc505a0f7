"""What a session may do that an agency's own provider vouched for."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest

from core.actor import system
from core.auth.models import AuthSession
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.http.application import Application
from core.http.contract import rule_of
from core.roles.repository import roles
from core.testing.clients import ok, problem
from core.testing.factories import AgencyUnderTest
from core.users.models import Membership
from core.users.repository import members
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
}
"""What a session may do that an agency's provider vouched for: it shows and changes nothing beyond the agency."""
