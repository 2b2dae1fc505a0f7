"""Signing in through a provider that is down, broken, or leads somewhere else."""

from __future__ import annotations

from typing import Any

import pytest
from joserfc.jwk import RSAKey

from core.testing.clients import ok, problem
from tests.core.oidc.conftest import Trusting
from tests.core.oidc.provider import Provider

REFUSED = (401, "oidc_refused")
UNKNOWN = (401, "oidc_state_unknown")
STRANGER = RSAKey.generate_key(2048, {"kid": "first"})


@pytest.fixture(autouse=True)
def member(trusting: Trusting) -> Any:
    """A member whose address the provider knows: without the attack they would come in."""
    return trusting.member()


class TestFailing:
    def test_a_provider_that_is_down_is_told_so(self, trusting: Trusting, provider: Provider) -> None:
        begun = trusting.begin()
        came = provider.visit(begun["authorization_url"]) | {"binding": begun["binding"]}
        provider.close()
        assert problem(trusting.finish(came)) == (503, "oidc_provider_down")

    def test_one_that_cannot_be_begun_with_is_told_so_and_left_alone_for_a_while(
        self, trusting: Trusting, provider: Provider
    ) -> None:
        provider.answers["/.well-known/openid-configuration"] = (503, {}, b"")
        for _ in range(3):
            assert problem(trusting.nobody.post(f"/oidc/{trusting.id}/start", {})) == (503, "oidc_provider_down")
        assert provider.asked["/.well-known/openid-configuration"] == 1

    @pytest.mark.parametrize(
        ("status", "headers", "body"),
        [
            (200, {}, b"<html>"),
            (200, {}, b"[]"),
            (200, {}, b"{}"),
            (200, {}, b"[" * 100_000),
            (404, {}, b""),
            (200, {}, b" " * 1_100_000),
        ],
        ids=["html", "list", "empty", "deep", "absent", "large"],
    )
    def test_a_discovery_document_that_is_none_is_told_so(
        self, trusting: Trusting, provider: Provider, status: int, headers: dict[str, str], body: bytes
    ) -> None:
        provider.answers["/.well-known/openid-configuration"] = (status, headers, body)
        answer = trusting.nobody.post(f"/oidc/{trusting.id}/start", {})
        assert problem(answer) == (502, "oidc_provider_broken")
        assert answer.json["detail"] == ""  # type: ignore[index]

    @pytest.mark.parametrize(
        "discovery",
        [
            {"issuer": "https://another.example"},
            {"authorization_endpoint": "javascript:alert(1)"},
            {"authorization_endpoint": "https://user:word@login.example.com/"},
            {"authorization_endpoint": "data:text/html,x"},
            {"code_challenge_methods_supported": ["plain"]},
            {"id_token_signing_alg_values_supported": ["HS256", "none"]},
            {"token_endpoint": None},
            {"token_endpoint": 5},
        ],
        ids=str,
    )
    def test_a_discovery_document_of_another_or_worse_is_refused(
        self, trusting: Trusting, provider: Provider, discovery: dict[str, Any]
    ) -> None:
        provider.discovery = discovery
        assert problem(trusting.nobody.post(f"/oidc/{trusting.id}/start", {})) == (502, "oidc_provider_broken")

    @pytest.mark.parametrize("name", ["token_endpoint", "jwks_uri"])
    @pytest.mark.parametrize(
        "address", ["http://169.254.169.254/latest", "https://10.0.0.1/", "https://[::1]:5432/", "file:///etc/passwd"]
    )
    def test_a_discovery_document_does_not_lead_inside(
        self, trusting: Trusting, provider: Provider, name: str, address: str
    ) -> None:
        provider.discovery = {name: address}
        assert problem(trusting.sign_in()) == (502, "oidc_provider_broken")

    @pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/jwks"])
    def test_redirects_are_not_followed(self, trusting: Trusting, provider: Provider, path: str) -> None:
        provider.answers[path] = (307, {"Location": f"{provider.issuer}/elsewhere"}, b"")
        begun = trusting.nobody.post(f"/oidc/{trusting.id}/start", {})
        answer = begun if path.startswith("/.") else trusting.back(ok(begun))
        assert problem(answer) == (502, "oidc_provider_broken")
        assert provider.asked["/elsewhere"] == 0

    @pytest.mark.parametrize(
        ("status", "body", "expected"),
        [
            (400, b'{"error": "invalid_grant"}', REFUSED),
            (401, b'{"error": "invalid_client"}', REFUSED),
            (200, b'{"error": 5}', REFUSED),
            (200, b"{}", (502, "oidc_provider_broken")),
            (200, b'{"id_token": 5, "access_token": "x"}', (502, "oidc_provider_broken")),
            (200, b"[]", (502, "oidc_provider_broken")),
            (400, b"<html>", (502, "oidc_provider_broken")),
            (500, b"", (503, "oidc_provider_down")),
            (429, b"", (503, "oidc_provider_down")),
        ],
    )
    def test_a_token_endpoint_that_answers_badly_lets_nobody_in(
        self, trusting: Trusting, provider: Provider, status: int, body: bytes, expected: tuple[int, str]
    ) -> None:
        provider.answers["/token"] = (status, {}, body)
        assert problem(trusting.sign_in()) == expected
