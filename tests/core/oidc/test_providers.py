"""Setting up identity providers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from core.auth.models import AuthSession
from core.clock import now
from core.db.session import apart
from core.http.application import Application
from core.oidc.models import IdentityProvider
from core.testing.clients import faults, ok, problem
from core.testing.factories import AgencyUnderTest
from tests.core.oidc.conftest import Trusting
from tests.core.oidc.provider import CLIENT_ID, CLIENT_SECRET, Provider

SessionsOf = Callable[[UUID], list[AuthSession]]


class TestAdding:
    def test_the_secret_is_never_shown_again(self, trusting: Trusting) -> None:
        shown = trusting.owner.get(f"/oidc/providers/{trusting.id}")
        assert ok(shown)["has_secret"] is True
        everything = [
            shown,
            trusting.owner.get("/oidc/providers"),
            trusting.owner.get("/audit"),
            trusting.owner.get("/events"),
            trusting.owner.patch(f"/oidc/providers/{trusting.id}", {"name": "Other"}, version="*"),
        ]
        assert [each.status_code for each in everything] == [200] * 5
        assert not [each for each in everything if CLIENT_SECRET in each.get_data(as_text=True)]

    def test_the_secret_is_sealed_for_its_row(self, app: Application, trusting: Trusting) -> None:
        with app.app_context(), apart() as session:
            wanted = select(IdentityProvider.client_secret).where(IdentityProvider.id == UUID(trusting.id))
            stored = session.scalar(wanted)
        assert stored
        assert CLIENT_SECRET not in stored

    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"issuer": "ftp://login.example.com"}, "/issuer"),
            ({"issuer": "https://login.example.com/?x=1"}, "/issuer"),
            ({"email_domains": []}, "/email_domains"),
            ({"email_domains": ["*"]}, "/email_domains/0"),
            ({"email_domains": ["Sunrise.example"]}, "/email_domains/0"),
            ({"email_domains": ["example"]}, "/email_domains/0"),
            ({"client_secret": "two words"}, "/client_secret"),
            ({"client_secret": ""}, "/client_secret"),
            ({"redirect_uri": "https://attacker.example/"}, "/redirect_uri"),
            ({"redirect_uri": "http://localhost:3000@attacker.example/"}, "/redirect_uri"),
            ({"redirect_uri": "http://localhost:3000.attacker.example/"}, "/redirect_uri"),
            ({"new_member_role": "nothing"}, "/new_member_role"),
            ({"new_member_role": "owner"}, "/new_member_role"),
        ],
        ids=str,
    )
    def test_what_is_wrong_is_named(self, trusting: Trusting, changes: dict[str, Any], pointer: str) -> None:
        draft = {
            "name": "Other",
            "issuer": "https://login.example.com",
            "client_id": "x",
            "email_domains": ["a.example"],
        }
        assert list(faults(trusting.owner.post("/oidc/providers", draft | changes))) == [pointer]

    def test_everything_wrong_is_named_at_once(self, trusting: Trusting) -> None:
        draft = {"name": "Other", "issuer": "https://a.example", "client_id": "x", "email_domains": ["a.example"]}
        wrong = {"redirect_uri": "https://attacker.example/", "new_member_role": "nothing"}
        assert set(faults(trusting.owner.post("/oidc/providers", draft | wrong))) == {
            "/redirect_uri",
            "/new_member_role",
        }

    def test_an_issuer_without_encryption_is_refused(self, make_strict: Callable[[], Trusting]) -> None:
        strict = make_strict()
        draft = {"name": "Other", "issuer": "http://a.example", "client_id": "x", "email_domains": ["a.example"]}
        assert faults(strict.owner.post("/oidc/providers", draft)) == {"/issuer": "value"}

    def test_a_name_is_taken_once(self, trusting: Trusting) -> None:
        draft = {"name": "Sunrise", "issuer": "https://a.example", "client_id": "x", "email_domains": ["a.example"]}
        assert problem(trusting.owner.post("/oidc/providers", draft)) == (409, "name_taken")


@pytest.fixture
def make_strict(app: Application, agency: AgencyUnderTest, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The agency in an installation that reaches the public internet alone."""

    def make() -> Trusting:
        monkeypatch.setattr(app.settings, "outbound_allow_networks", ())
        return Trusting(app, agency, provider)

    return make


class TestWhoMay:
    def test_takes_every_right_there_is(self, app: Application, trusting: Trusting) -> None:
        """Whoever decides who everybody is can be everybody: the permission alone would be a way up."""
        role = {"code": "directory", "name": "Directory", "permissions": {"oidc.manage": "all"}}
        ok(trusting.owner.post("/roles", role), 201)
        clerk = trusting.agency.newcomer("directory")
        ok(clerk.get("/oidc/providers"))
        for answer in (
            clerk.post("/oidc/providers", _DRAFT),
            clerk.patch(f"/oidc/providers/{trusting.id}", {"enabled": False}, version="*"),
            clerk.delete(f"/oidc/providers/{trusting.id}", version="*"),
        ):
            assert problem(answer) == (403, "forbidden")

    def test_an_administrator_does_not_become_an_owner_by_it(self, trusting: Trusting, provider: Provider) -> None:
        admin = trusting.agency.newcomer("admin")
        assert problem(admin.post("/oidc/providers", _DRAFT | {"vouches_for_owners": True})) == (403, "forbidden")
        change = {"vouches_for_owners": True}
        answer = admin.patch(f"/oidc/providers/{trusting.id}", change, version="*")
        assert problem(answer) == (403, "forbidden")

    def test_what_an_administrator_changes_no_longer_speaks_for_owners(self, trusting: Trusting) -> None:
        admin = trusting.agency.newcomer("admin")
        place = f"/oidc/providers/{trusting.id}"
        trusting.change(vouches_for_owners=True)
        assert ok(admin.patch(place, {"name": "Other"}, version="*"))["vouches_for_owners"] is True
        for change in (
            {"email_domains": ["a.example"]},
            {"client_secret": "another"},
            {"issuer": "https://a.example", "client_secret": "x"},
        ):
            trusting.change(vouches_for_owners=True)
            assert ok(admin.patch(place, change, version="*"))["vouches_for_owners"] is False

    def test_must_have_proven_themselves_lately(self, app: Application, trusting: Trusting) -> None:
        stale = trusting.agency.newcomer("owner")
        with app.app_context(), apart() as session:
            long_ago = now().replace(year=2020)
            theirs = AuthSession.user_id == stale.user_id
            session.execute(update(AuthSession).where(theirs).values(proven_at=long_ago))
        for answer in (
            stale.post("/oidc/providers", _DRAFT),
            stale.patch(f"/oidc/providers/{trusting.id}", {"enabled": False}, version="*"),
            stale.delete(f"/oidc/providers/{trusting.id}", version="*"),
        ):
            assert problem(answer) == (401, "step_up_required")

    def test_another_agencys_provider_does_not_exist(self, trusting: Trusting, other_agency: AgencyUnderTest) -> None:
        stranger = other_agency.member("owner")
        assert problem(stranger.get(f"/oidc/providers/{trusting.id}")) == (404, "not_found")
        change = stranger.patch(f"/oidc/providers/{trusting.id}", {"enabled": False}, version="*")
        assert problem(change) == (404, "not_found")


_DRAFT = {"name": "Other", "issuer": "https://a.example", "client_id": CLIENT_ID, "email_domains": ["a.example"]}


class TestChanging:
    def test_the_secret_goes_to_no_other_place(self, trusting: Trusting, provider: Provider) -> None:
        """Whoever may change a provider and not see its secret must not have it sent to a server of their own."""
        for change in ({"issuer": "https://attacker.example"}, {"client_id": "other"}):
            answer = trusting.owner.patch(f"/oidc/providers/{trusting.id}", change, version="*")
            assert faults(answer) == {"/client_secret": "required"}

    def test_another_issuer_makes_everybody_a_stranger(
        self, trusting: Trusting, provider: Provider, sessions_of: SessionsOf
    ) -> None:
        user_id = trusting.member()
        client = trusting.client(trusting.sign_in())
        trusting.change(issuer="https://a.example", client_secret="x")
        assert ok(trusting.owner.get("/oidc/links"))["items"] == []
        assert problem(client.get("/auth/me")) == (401, "invalid_token")
        ended = [each.revoked_because for each in sessions_of(user_id) if each.methods]
        assert ended == ["provider_distrusted"]

    def test_switching_it_off_ends_what_was_opened_through_it_and_nothing_else(
        self, trusting: Trusting, sessions_of: SessionsOf
    ) -> None:
        user_id = trusting.member()
        client = trusting.client(trusting.sign_in())
        trusting.change(enabled=False)
        assert problem(client.get("/auth/me")) == (401, "invalid_token")
        ok(trusting.owner.get("/auth/me"))
        assert {each.revoked_because for each in sessions_of(user_id) if not each.methods} == {None}

    def test_a_name_changes_nothing_for_those_who_are_in(self, trusting: Trusting, provider: Provider) -> None:
        trusting.member()
        client = trusting.client(trusting.sign_in())
        trusting.change(name="Other")
        ok(client.get("/auth/me"))

    def test_what_changed_is_in_the_log(self, trusting: Trusting) -> None:
        trusting.change(name="Other", client_secret="another-secret-word")
        (event,) = ok(trusting.owner.get("/audit?name=oidc.provider_changed"))["items"]
        assert event["payload"]["fields"] == ["client_secret", "name"]
        assert event["before"]["name"] == "Sunrise"
        assert "another-secret-word" not in str(event)


class TestRemoving:
    def test_a_provider_ends_what_was_opened_through_it(self, trusting: Trusting, provider: Provider) -> None:
        trusting.member()
        client = trusting.client(trusting.sign_in())
        assert trusting.owner.delete(f"/oidc/providers/{trusting.id}", version="*").status_code == 204
        assert problem(client.get("/auth/me")) == (401, "invalid_token")
        assert ok(trusting.owner.get("/oidc/links"))["items"] == []

    def test_a_link_lets_another_take_its_place(self, trusting: Trusting, provider: Provider) -> None:
        trusting.member()
        client = trusting.client(trusting.sign_in())
        provider.claims["sub"] = "as the provider knows them now"
        assert problem(trusting.sign_in()) == (403, "oidc_not_a_member")
        (link,) = ok(trusting.owner.get("/oidc/links"))["items"]
        assert trusting.owner.delete(f"/oidc/links/{link['id']}", version="*").status_code == 204
        assert problem(client.get("/auth/me")) == (401, "invalid_token")
        ok(trusting.sign_in(), 200)


class TestChecking:
    def test_what_the_provider_says_is_shown(self, trusting: Trusting, provider: Provider) -> None:
        found = ok(trusting.owner.post(f"/oidc/providers/{trusting.id}/check"), 200)
        assert found == {
            "works": True,
            "issuer": provider.issuer,
            "authorization_endpoint": f"{provider.issuer}/authorize",
            "token_endpoint": f"{provider.issuer}/token",
            "keys": 1,
            "code": None,
            "detail": None,
        }

    def test_what_is_wrong_is_said(self, trusting: Trusting, provider: Provider) -> None:
        provider.discovery = {"issuer": f"{provider.issuer}/"}
        found = ok(trusting.owner.post(f"/oidc/providers/{trusting.id}/check"), 200)
        assert (found["works"], found["code"]) == (False, "oidc_provider_broken")
        assert found["detail"] == f"Its discovery document is that of another issuer: '{provider.issuer}/'"

    def test_it_is_asked_anew_each_time(self, trusting: Trusting, provider: Provider) -> None:
        provider.answers["/.well-known/openid-configuration"] = (503, {}, b"")
        found = ok(trusting.owner.post(f"/oidc/providers/{trusting.id}/check"), 200)
        assert (found["works"], found["code"]) == (False, "oidc_provider_down")
        provider.answers.clear()
        assert ok(trusting.owner.post(f"/oidc/providers/{trusting.id}/check"), 200)["works"]
