"""How much a provider's word proves: second factors, and when somebody was asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import psycopg
import pytest

from core.auth.models import AuthSession
from core.clock import now
from core.db.session import apart
from core.factors.models import Passkey
from core.http.application import Application
from core.testing.clients import ok, problem
from tests.core.oidc.conftest import Trusting
from tests.core.oidc.provider import Provider

SessionsOf = Callable[[UUID], list[AuthSession]]


class TestSecondFactor:
    @pytest.fixture
    def demand(self, app: Application, trusting: Trusting) -> Callable[..., Trusting]:
        """Has the agency ask everybody for a second factor, which the member has, once the provider is set."""

        def ask(**changes: Any) -> Trusting:
            device = Passkey(user_id=trusting.member(), name="Phone", credential_id=uuid4().bytes, public_key=b"-")
            device.sign_count, device.transports, device.backed_up = 0, [], False
            with app.app_context(), apart() as session:
                session.add(device)
            if changes:
                trusting.change(**changes)
            assert app.settings.database_owner_url is not None
            with psycopg.connect(app.settings.database_owner_url.get_secret_value()) as connection:
                statement = "UPDATE core_agency SET second_factor_required = true WHERE id = %s"
                connection.execute(statement, [trusting.agency.id])
            return trusting

        return ask

    def test_is_asked_for_all_the_same(self, demand: Callable[..., Trusting]) -> None:
        challenge = ok(demand().sign_in(), 202)
        assert "access_token" not in challenge
        assert challenge["challenge"]

    @pytest.mark.parametrize(
        "claims", [{"amr": ["mfa"]}, {"amr": ["pwd", "hwk"]}, {"amr": ["pwd", "otp"]}, {"acr": "phr"}]
    )
    def test_of_the_provider_counts_where_the_agency_trusts_it(
        self, demand: Callable[..., Trusting], provider: Provider, claims: dict[str, Any]
    ) -> None:
        provider.claims |= claims
        ok(demand(trusts_second_factor=True).sign_in(), 200)

    @pytest.mark.parametrize(
        "claims", [{"amr": ["pwd"]}, {"amr": ["otp"]}, {"amr": []}, {"acr": "0"}, {"acr": ["phr"]}]
    )
    def test_of_the_provider_is_more_than_one_factor(
        self, demand: Callable[..., Trusting], provider: Provider, claims: dict[str, Any]
    ) -> None:
        provider.claims |= claims
        ok(demand(trusts_second_factor=True).sign_in(), 202)

    def test_of_the_provider_counts_for_nothing_where_the_agency_does_not(
        self, demand: Callable[..., Trusting], provider: Provider
    ) -> None:
        provider.claims |= {"amr": ["pwd", "otp", "mfa"], "acr": "phr"}
        ok(demand().sign_in(), 202)


class TestFreshProof:
    def test_the_provider_is_made_to_ask(self, trusting: Trusting) -> None:
        asked = parse_qs(urlsplit(trusting.begin(fresh=True)["authorization_url"]).query)
        assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])

    def test_step_up_counts_from_when_the_provider_asked(self, trusting: Trusting, provider: Provider) -> None:
        trusting.member(role="admin")
        draft = {"code": "night_desk", "name": "Night desk", "permissions": {}}
        provider.claims["auth_time"] = int(now().timestamp()) - 3600
        old = trusting.client(trusting.sign_in())
        assert problem(old.post("/oidc/providers", {})) == (401, "step_up_required")
        provider.claims["auth_time"] = int(now().timestamp())
        fresh = trusting.client(trusting.sign_in(fresh=True))
        assert fresh.post("/roles", draft).status_code == 201
        assert fresh.post("/oidc/providers", {}).status_code == 422

    def test_a_provider_that_does_not_tell_has_not_asked(self, trusting: Trusting) -> None:
        trusting.member(role="admin")
        client = trusting.client(trusting.sign_in())
        assert problem(client.post("/oidc/providers", {})) == (401, "step_up_required")
        assert problem(trusting.sign_in(fresh=True)) == (401, "oidc_refused")

    def test_a_sign_in_of_before_is_no_fresh_one(self, trusting: Trusting, provider: Provider) -> None:
        trusting.member()
        provider.claims["auth_time"] = int(now().timestamp()) - 120
        assert problem(trusting.sign_in(fresh=True)) == (401, "oidc_refused")

    def test_a_time_to_come_is_no_proof_that_holds_for_ever(
        self, trusting: Trusting, provider: Provider, sessions_of: SessionsOf
    ) -> None:
        user_id = trusting.member()
        provider.claims["auth_time"] = int(now().timestamp()) + 10**9
        ok(trusting.sign_in(), 200)
        (found,) = [each for each in sessions_of(user_id) if each.methods]
        assert found.proven_at <= now()
