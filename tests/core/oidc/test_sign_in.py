"""Signing in through a provider, when everybody does what they should."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from sqlalchemy import select, update

from core.auth.models import AuthSession
from core.clock import now
from core.db.session import apart
from core.http.application import Application
from core.oidc.models import IdentityProvider
from core.testing.clients import ok, problem
from core.testing.factories import AgencyUnderTest
from core.users.models import User
from tests.core.oidc.conftest import Trusting
from tests.core.oidc.provider import Provider

SessionsOf = Callable[[UUID], list[AuthSession]]


class TestStart:
    def test_the_sign_in_page_learns_the_providers_of_its_agency(self, trusting: Trusting) -> None:
        found = ok(trusting.nobody.get(f"/oidc/agencies/{trusting.agency.slug}/choices"))
        assert found == {"items": [{"id": trusting.id, "name": "Sunrise"}]}
        assert ok(trusting.nobody.get("/oidc/agencies/nobody/choices")) == {"items": []}

    def test_the_person_is_sent_to_the_provider_with_a_code_challenge(
        self, trusting: Trusting, provider: Provider
    ) -> None:
        begun = trusting.begin()
        address = urlsplit(begun["authorization_url"])
        asked = {name: values[0] for name, values in parse_qs(address.query).items()}
        assert f"{address.scheme}://{address.netloc}{address.path}" == f"{provider.issuer}/authorize"
        assert (asked["response_type"], asked["client_id"]) == ("code", "tripfile")
        assert (asked["code_challenge_method"], len(asked["code_challenge"])) == ("S256", 43)
        assert asked["scope"].split()[0] == "openid"
        assert (asked["state"], begun["expires_in"]) == (begun["state"], 600)
        assert "prompt" not in asked

    def test_what_the_browser_keeps_is_nowhere_in_the_address(self, trusting: Trusting) -> None:
        begun = trusting.begin()
        assert begun["binding"] not in begun["authorization_url"]
        assert trusting.begin()["state"] != begun["state"]

    def test_a_provider_that_is_switched_off_is_none(self, trusting: Trusting) -> None:
        trusting.change(enabled=False)
        assert problem(trusting.nobody.post(f"/oidc/{trusting.id}/start", {})) == (404, "not_found")
        assert ok(trusting.nobody.get(f"/oidc/agencies/{trusting.agency.slug}/choices")) == {"items": []}

    def test_no_answer_is_kept_anywhere(self, trusting: Trusting) -> None:
        answer = trusting.nobody.post(f"/oidc/{trusting.id}/start", {})
        assert answer.headers["Cache-Control"] == "no-store"


class TestFirstSignIn:
    def test_a_member_comes_in_by_an_address_the_provider_has_verified(
        self, trusting: Trusting, sessions_of: SessionsOf
    ) -> None:
        user_id = trusting.member()
        client = trusting.client(trusting.sign_in())
        assert ok(client.get("/auth/me"))["user"]["id"] == str(user_id)
        assert [each.methods for each in sessions_of(user_id) if each.methods] == [["oidc"]]
        (link,) = ok(trusting.owner.get("/oidc/links"))["items"]
        assert (link["subject"], link["user_id"], link["provider_id"]) == ("person-1", str(user_id), trusting.id)
        (event,) = ok(trusting.owner.get("/audit?name=oidc.identity_linked"))["items"]
        assert event["payload"] == {
            "link_id": link["id"],
            "provider_id": trusting.id,
            "user_id": str(user_id),
            "by_themselves": False,
        }

    def test_the_address_is_compared_as_addresses_are(self, trusting: Trusting, provider: Provider) -> None:
        trusting.member()
        provider.claims["email"] = f"Ana@{provider.domain.upper()}"
        ok(trusting.sign_in(), 200)

    def test_a_provider_may_keep_the_address_for_its_userinfo(self, trusting: Trusting, provider: Provider) -> None:
        trusting.member()
        provider.profile = {"sub": "person-1", **provider.claims}
        provider.claims = {}
        ok(trusting.sign_in(), 200)

    def test_nobody_becomes_a_member_unless_the_agency_says_so(self, trusting: Trusting) -> None:
        assert problem(trusting.sign_in()) == (403, "oidc_not_a_member")
        assert trusting.failures() == ["oidc_not_a_member"]

    def test_new_members_get_the_role_the_agency_names(self, trusting: Trusting, provider: Provider) -> None:
        trusting.change(new_member_role="read_only")
        me = ok(trusting.client(trusting.sign_in()).get("/auth/me"))
        assert (me["user"]["name"], me["user"]["email"]) == ("Ana Duarte", f"ana@{provider.domain}")
        shown = ok(trusting.owner.get(f"/users/{me['user']['id']}"))
        assert (shown["roles"], shown["state"]) == (["read_only"], "active")
        # And once only.
        ok(trusting.sign_in(), 200)

    def test_an_account_of_another_agency_is_taken_in_like_a_new_one_and_leads_nowhere_else(
        self, trusting: Trusting, other_agency: AgencyUnderTest
    ) -> None:
        user_id = trusting.member(agency=other_agency)
        trusting.change(new_member_role="agent")
        client = trusting.client(trusting.sign_in())
        assert ok(client.get("/auth/me"))["user"]["id"] == str(user_id)
        answer = client.post("/auth/switch", {"agency": other_agency.slug})
        assert problem(answer) == (403, "confined_session")

    def test_a_suspended_member_stays_out(self, trusting: Trusting) -> None:
        user_id = trusting.member()
        trusting.change(new_member_role="agent")
        ok(trusting.owner.patch(f"/users/{user_id}", {"state": "suspended"}, version="*"))
        assert problem(trusting.sign_in()) == (403, "no_membership")

    def test_a_person_who_is_shut_out_everywhere_stays_out(self, app: Application, trusting: Trusting) -> None:
        user_id = trusting.member()
        ok(trusting.sign_in(), 200)
        with app.app_context(), apart() as session:
            session.execute(update(User).where(User.id == user_id).values(disabled_at=now()))
        assert problem(trusting.sign_in())[0] == 403


class TestLaterSignIns:
    def test_go_by_the_subject_whatever_became_of_the_address(self, trusting: Trusting, provider: Provider) -> None:
        user_id = trusting.member()
        ok(trusting.sign_in(), 200)
        provider.claims = {"email": "ana@elsewhere.example", "email_verified": False}
        assert ok(trusting.client(trusting.sign_in()).get("/auth/me"))["user"]["id"] == str(user_id)

    def test_are_refused_once_the_member_is_gone(self, trusting: Trusting) -> None:
        user_id = trusting.member()
        ok(trusting.sign_in(), 200)
        ok(trusting.owner.patch(f"/users/{user_id}", {"state": "suspended"}, version="*"))
        assert problem(trusting.sign_in()) == (403, "no_membership")

    def test_ask_the_provider_for_nothing_it_has_told_already(self, trusting: Trusting, provider: Provider) -> None:
        trusting.member()
        for _ in range(3):
            ok(trusting.sign_in(), 200)
        assert (provider.asked["/.well-known/openid-configuration"], provider.asked["/jwks"]) == (1, 1)
        assert provider.asked["/token"] == 3


class TestOwners:
    def test_come_in_only_where_an_owner_said_so(self, trusting: Trusting) -> None:
        trusting.member(role="owner")
        assert problem(trusting.sign_in()) == (403, "oidc_not_a_member")
        trusting.change(vouches_for_owners=True)
        ok(trusting.sign_in(), 200)
        trusting.change(vouches_for_owners=False)
        assert problem(trusting.sign_in()) == (403, "oidc_not_a_member")

    def test_do_not_go_on_in_a_session_that_was_opened_before_they_were_one(self, trusting: Trusting) -> None:
        user_id = trusting.member(role="agent")
        client = trusting.client(trusting.sign_in())
        ok(trusting.owner.patch(f"/users/{user_id}", {"roles": ["agent", "read_only"]}, version="*"))
        ok(client.get("/auth/me"))
        ok(trusting.owner.patch(f"/users/{user_id}", {"roles": ["owner"]}, version="*"))
        assert problem(client.get("/auth/me")) == (401, "invalid_token")


class TestClient:
    @pytest.mark.parametrize(
        ("offered", "basic"), [(None, True), (["client_secret_post"], False), (["client_secret_basic"], True)]
    )
    def test_proves_itself_as_the_provider_wants(
        self, trusting: Trusting, provider: Provider, offered: Any, basic: bool
    ) -> None:
        trusting.member()
        provider.discovery = {"token_endpoint_auth_methods_supported": offered}
        ok(trusting.sign_in(), 200)
        (form,) = provider.tokens
        assert (form["authorization"].startswith("Basic "), "client_secret" in form) == (basic, not basic)

    def test_never_sends_one_client_the_secret_of_another(self, trusting: Trusting, provider: Provider) -> None:
        """The HTTP headers of authlib's requests are one mapping for the whole process."""
        trusting.member()
        ok(trusting.sign_in(), 200)
        trusting.change(client_secret=None)
        assert problem(trusting.sign_in()) == (401, "oidc_refused")
        assert (provider.tokens[-1]["authorization"], provider.tokens[-1]["client_id"]) == ("", "tripfile")

    def test_reads_signatures_of_elliptic_curves(self, trusting: Trusting, provider: Provider) -> None:
        trusting.member()
        provider.keys, provider.alg = [ECKey.generate_key("P-256", {"kid": "curve"})], "ES256"
        ok(trusting.sign_in(), 200)

    def test_reads_keys_without_a_name(self, trusting: Trusting, provider: Provider) -> None:
        trusting.member()
        provider.keys = [ECKey.generate_key("P-256", auto_kid=False)]
        provider.alg = "ES256"
        ok(trusting.sign_in(), 200)


class TestKeyRotation:
    def test_a_new_key_is_fetched_when_a_token_names_it(
        self, trusting: Trusting, provider: Provider, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("core.oidc.discovery.NEW_KEYS_EVERY", 0.0)
        trusting.member()
        ok(trusting.sign_in(), 200)
        provider.keys.append(ECKey.generate_key("P-256", {"kid": "second"}))
        provider.alg = "ES256"
        ok(trusting.sign_in(), 200)
        assert provider.asked["/jwks"] == 2

    def test_a_dropped_key_is_good_no_longer_once_the_keys_are_read_anew(
        self, trusting: Trusting, provider: Provider, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("core.oidc.discovery.GOOD_FOR", 0.0)
        trusting.member()
        ok(trusting.sign_in(), 200)
        stolen = provider.keys.pop()
        provider.keys.append(ECKey.generate_key("P-256", {"kid": "second"}))
        provider.sign = lambda header, claims: jwt.encode({"alg": "RS256", "kid": stolen.kid}, claims, stolen)
        assert problem(trusting.sign_in()) == (401, "oidc_refused")


class TestAtRest:
    def test_the_client_secret_is_sealed(self, app: Application, trusting: Trusting) -> None:
        with app.app_context(), apart() as session:
            stored = session.scalar(
                select(IdentityProvider.client_secret).where(IdentityProvider.id == UUID(trusting.id))
            )
        assert stored
        assert "a-secret-of-the-client" not in stored
