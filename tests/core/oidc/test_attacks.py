"""Signing in through a provider, when somebody on the way means ill."""

from __future__ import annotations

import base64
import hmac
import json
import time
import warnings
from typing import Any

import pytest
import time_machine
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, RSAKey

from core.testing.clients import ok, problem
from core.testing.factories import AgencyUnderTest
from tests.core.oidc.conftest import Trusting
from tests.core.oidc.provider import Provider

REFUSED = (401, "oidc_refused")
UNKNOWN = (401, "oidc_state_unknown")
NOW = int(time.time())
STRANGER = RSAKey.generate_key(2048, {"kid": "first"})


def in_words(claims: dict[str, Any]) -> str:
    """The same in every process that collects the tests: a moment as how far away it is."""
    return str(
        {
            key: f"now{value - NOW:+}" if type(value) is int and value > NOW // 2 else value
            for key, value in claims.items()
        }
    )


@pytest.fixture(autouse=True)
def member(trusting: Trusting) -> Any:
    """A member whose address the provider knows: without the attack they would come in."""
    return trusting.member()


class TestState:
    def test_is_good_once(self, trusting: Trusting, provider: Provider) -> None:
        begun = trusting.begin()
        came = provider.visit(begun["authorization_url"]) | {"binding": begun["binding"]}
        ok(trusting.finish(came), 200)
        assert problem(trusting.finish(came)) == UNKNOWN
        assert provider.asked["/token"] == 1

    def test_of_another_browser_is_refused(self, trusting: Trusting, provider: Provider) -> None:
        """Login CSRF: the attacker's own answer, put into the browser of somebody else."""
        mine, theirs = trusting.begin(), trusting.begin()
        came = provider.visit(mine["authorization_url"])
        assert problem(trusting.finish(came | {"binding": theirs["binding"]})) == UNKNOWN
        assert provider.asked["/token"] == 0
        # And it spoils neither of the two.
        ok(trusting.finish(came | {"binding": mine["binding"]}), 200)
        ok(trusting.back(theirs), 200)

    def test_is_not_enough_without_what_the_browser_kept(self, trusting: Trusting, provider: Provider) -> None:
        came = provider.visit(trusting.begin()["authorization_url"])
        for binding in (came["state"], came["code"], "x", "\ud800"):
            assert trusting.finish(came | {"binding": binding}).status_code in {400, 401, 422}
        assert provider.asked["/token"] == 0

    def test_is_over_after_ten_minutes(self, trusting: Trusting, provider: Provider) -> None:
        begun = trusting.begin()
        with time_machine.travel(time.time() + 601):
            assert problem(trusting.back(begun)) == UNKNOWN

    def test_is_void_once_the_provider_is_distrusted(self, trusting: Trusting, provider: Provider) -> None:
        begun = trusting.begin()
        trusting.change(enabled=False)
        assert problem(trusting.back(begun)) == UNKNOWN
        assert provider.asked["/token"] == 0


class TestCode:
    def test_of_another_sign_in_is_worthless(self, trusting: Trusting, provider: Provider) -> None:
        """Code injection: a stolen code, put into a sign-in of the attacker's own."""
        stolen = provider.visit(trusting.begin()["authorization_url"])["code"]
        assert problem(trusting.back(trusting.begin(), code=stolen)) == REFUSED
        assert trusting.failures() == ["oidc_refused"]
        # It is the provider that refuses: the verifier is not the one of the sign-in the code was made for.
        assert provider.asked["/jwks"] == 0

    def test_is_traded_with_a_verifier_that_nobody_was_shown(self, trusting: Trusting, provider: Provider) -> None:
        begun = trusting.begin()
        ok(trusting.back(begun), 200)
        (form,) = provider.tokens
        assert 43 <= len(form["code_verifier"]) <= 128
        assert form["code_verifier"] not in str(begun)

    @pytest.mark.parametrize("code", ["nonsense", "ä", " ", "a&client_id=other"])
    def test_of_nobody_is_refused(self, trusting: Trusting, code: str) -> None:
        assert problem(trusting.back(trusting.begin(), code=code)) == REFUSED


class TestIssuer:
    def test_of_another_provider_in_the_answer_is_noticed(self, trusting: Trusting, provider: Provider) -> None:
        """Mix-up (RFC 9207): the code must not go to whoever did not issue it."""
        assert problem(trusting.back(trusting.begin(), iss="https://attacker.example")) == REFUSED
        assert provider.asked["/token"] == 0

    def test_must_come_along_where_the_provider_promised_it(self, trusting: Trusting, provider: Provider) -> None:
        assert problem(trusting.back(trusting.begin(), iss=None)) == REFUSED
        assert provider.asked["/token"] == 0

    def test_may_be_left_out_where_it_was_not_promised(self, trusting: Trusting, provider: Provider) -> None:
        provider.discovery = {"authorization_response_iss_parameter_supported": None}
        provider.tells_issuer = False
        ok(trusting.sign_in(), 200)


class TestClaims:
    @pytest.mark.parametrize(
        "claims",
        [
            {"nonce": "another"},
            {"nonce": None},
            {"aud": "another-client"},
            {"aud": ["another-client"]},
            {"aud": ["tripfile", "another-client"]},
            {"aud": ["tripfile", "another-client"], "azp": "another-client"},
            {"aud": None},
            {"azp": "another-client"},
            {"iss": "https://attacker.example"},
            {"iss": None},
            {"iss": ["x"]},
            {"exp": NOW - 60},
            {"exp": None},
            {"exp": "tomorrow"},
            {"exp": float("nan")},
            {"iat": NOW - 3600},
            {"iat": NOW + 3600},
            {"iat": None},
            {"nbf": NOW + 3600},
            {"sub": None},
            {"sub": ""},
            {"sub": 7},
            {"sub": "x" * 256},
            {"sub": "a\nb"},
            {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
            {"at_hash": 5},
            {"amr": "pwd"},
        ],
        ids=in_words,
    )
    def test_that_are_wrong_let_nobody_in(self, trusting: Trusting, provider: Provider, claims: dict[str, Any]) -> None:
        provider.claims |= claims
        answer = trusting.sign_in()
        assert problem(answer) == REFUSED
        # Which of them it was is told to the log alone.
        assert answer.json["detail"] == ""  # type: ignore[index]
        assert trusting.failures() == ["oidc_refused"]

    def test_for_several_clients_are_ours_where_they_say_so(self, trusting: Trusting, provider: Provider) -> None:
        provider.claims |= {"aud": ["tripfile", "another-client"], "azp": "tripfile"}
        ok(trusting.sign_in(), 200)

    @pytest.mark.parametrize(
        "claims",
        [
            {"email_verified": False},
            {"email_verified": None},
            {"email_verified": "true"},
            {"email_verified": 1},
            {"email": None},
            {"email": ["ana@DOMAIN"]},
            {"email": "ana@elsewhere.example"},
            {"email": "ana@evil.example@DOMAIN.evil.example"},
            {"email": "ana@sub.DOMAIN"},
            {"email": "ana@DOMAIN.evil.example"},
            {"email": "ana\uff20DOMAIN"},
            {"email": "x, y <z@z>@DOMAIN"},
            {"email": "ana\u0000eva@DOMAIN"},
            {"email": "ana eva@DOMAIN"},
        ],
        ids=str,
    )
    def test_of_an_address_that_nobody_verified_link_nobody(
        self, trusting: Trusting, provider: Provider, claims: dict[str, Any]
    ) -> None:
        trusting.change(new_member_role="agent")
        provider.claims |= json.loads(json.dumps(claims).replace("DOMAIN", provider.domain))
        assert problem(trusting.sign_in()) == (403, "oidc_not_a_member")
        assert ok(trusting.owner.get("/oidc/links"))["items"] == []

    def test_of_an_address_somebody_else_had_do_not_lead_to_their_account(
        self, trusting: Trusting, provider: Provider
    ) -> None:
        ok(trusting.sign_in(), 200)
        provider.claims["sub"] = "their successor"
        assert problem(trusting.sign_in()) == (403, "oidc_not_a_member")

    def test_of_the_userinfo_are_of_the_same_person(self, trusting: Trusting, provider: Provider) -> None:
        provider.profile = {"sub": "somebody else", **provider.claims}
        provider.claims = {}
        assert problem(trusting.sign_in()) == REFUSED


class TestSignature:
    def test_is_there(self, trusting: Trusting, provider: Provider) -> None:
        def unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
            return f"{_json({'alg': 'none', 'kid': header['kid']})}.{_json(claims)}."

        provider.sign = unsigned
        assert problem(trusting.sign_in()) == REFUSED

    def test_is_none_made_with_what_everybody_knows(self, trusting: Trusting, provider: Provider) -> None:
        """HS256 with the public key, or with the client's secret, as the secret."""
        public = provider.keys[0]
        assert isinstance(public, RSAKey)
        for secret in (public.as_pem(private=False), b"a-secret-of-the-client"):

            def signed(header: dict[str, Any], claims: dict[str, Any], secret: bytes = secret) -> str:
                text = f"{_json({'alg': 'HS256', 'kid': 'first'})}.{_json(claims)}"
                return f"{text}.{_text(hmac.digest(secret, text.encode(), 'sha256'))}"

            provider.sign = signed
            assert problem(trusting.sign_in()) == REFUSED

    def test_is_by_a_key_of_the_provider(self, trusting: Trusting, provider: Provider) -> None:
        provider.sign = lambda header, claims: jwt.encode(header, claims, STRANGER)
        assert problem(trusting.sign_in()) == REFUSED

    def test_is_not_by_a_key_the_token_brings(self, trusting: Trusting, provider: Provider) -> None:
        for brought in (
            {"jwk": STRANGER.as_dict(private=False)},
            {"jku": f"{provider.issuer}/evil"},
            {"x5u": f"{provider.issuer}/evil"},
        ):
            provider.sign = lambda header, claims, brought=brought: jwt.encode({**header, **brought}, claims, STRANGER)
            assert problem(trusting.sign_in()) == REFUSED
        assert provider.asked["/evil"] == 0

    def test_is_not_by_a_key_that_is_secret_or_weak(self, trusting: Trusting, provider: Provider) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)
            provider.keys = [RSAKey.generate_key(1024, {"kid": "weak"})]
        assert problem(trusting.sign_in()) == REFUSED

    @pytest.mark.parametrize("token", ["", "a.b", "..", "e30.e30.", "x" * 20_000, "\u00e9.e.e", "bnVsbA.e30.AA"])
    def test_is_of_something_that_is_a_token(self, trusting: Trusting, provider: Provider, token: str) -> None:
        provider.sign = lambda header, claims: token
        assert problem(trusting.sign_in()) == REFUSED

    def test_by_keys_nobody_knows_does_not_make_us_ask_for_keys_without_end(
        self, trusting: Trusting, provider: Provider
    ) -> None:
        for number in range(5):
            forged = ECKey.generate_key("P-256", {"kid": f"forged-{number}"})
            provider.sign = lambda header, claims, forged=forged: jwt.encode(
                {"alg": "ES256", "kid": forged.kid}, claims, forged
            )
            assert problem(trusting.sign_in()) == REFUSED
        assert provider.asked["/jwks"] == 1


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _json(part: Any) -> str:
    return _text(json.dumps(part).encode())


class TestAgencies:
    def test_a_provider_speaks_for_members_of_its_own_agency_alone(
        self, app: Any, trusting: Trusting, other_agency: AgencyUnderTest, provider: Provider
    ) -> None:
        """Whoever runs a provider can have it say anything: about members of other agencies it counts for nothing."""
        attacker = Trusting(app, other_agency, provider)
        attacker.trust(proven=False, new_member_role="admin")
        assert problem(attacker.sign_in()) == (403, "oidc_not_a_member")
        assert ok(attacker.owner.get("/oidc/links"))["items"] == []
