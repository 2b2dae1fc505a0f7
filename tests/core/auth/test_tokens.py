"""Access tokens: every pinned claim counts, and what ends a session ends them."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
import time_machine

from core.app import create_app
from core.auth.revocations import EVERY
from core.config import Settings
from core.db.session import dispose
from core.http.application import Application
from core.testing.clients import ApiClient, ok, problem
from core.testing.factories import AgencyUnderTest
from tests.core.auth.conftest import Person, refresh

REFUSED = (401, "invalid_token")
MISSING = object()


def claims_of(token: str) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


def spelled(value: object) -> str:
    return "missing" if value is MISSING else str(value)


def encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def signed(app: Application, claims: dict[str, Any], **options: Any) -> str:
    """The claims under our own key, unless told otherwise."""
    return jwt.encode(claims, options.pop("key", app.config["JWT_SECRET_KEY"]), algorithm="HS256", **options)


def asked_with(app: Application, token: str) -> tuple[int, str]:
    answer = ApiClient(app, token).get("/auth/me")
    assert answer.status_code != 401 or answer.headers["WWW-Authenticate"].startswith("Bearer")
    return problem(answer) if answer.status_code >= 400 else (answer.status_code, "")


class TestClaims:
    WRONG: tuple[tuple[str, Any], ...] = (
        *((name, MISSING) for name in ("sub", "sid", "agency", "jti", "exp", "iat", "iss", "aud", "type")),
        ("sub", str(uuid4())), ("sub", "nobody"), ("sub", 7), ("sub", None), ("sub", []),
        ("sid", str(uuid4())), ("sid", "nobody"), ("sid", 7), ("sid", None), ("sid", []),
        ("agency", str(uuid4())), ("agency", "nobody"), ("agency", 7), ("agency", None), ("agency", []),
        ("iss", "somebody"), ("aud", "tripfile-portal"), ("aud", ["tripfile-portal"]), ("aud", None),
        ("type", "refresh"), ("type", "email_verify"), ("type", None), ("type", ""),
        ("exp", 1), ("exp", "never"), ("exp", None), ("iat", "once"), ("iat", 2**40), ("nbf", 2**40), ("jti", 7),
    )  # fmt: skip

    def test_the_claims_as_they_are_open_the_door(self, app: Application, person: Person) -> None:
        assert asked_with(app, signed(app, claims_of(person.tokens()["access_token"]))) == (200, "")

    @pytest.mark.parametrize(("name", "value"), WRONG, ids=spelled)
    def test_each_counts(self, app: Application, person: Person, name: str, value: Any) -> None:
        claims = claims_of(person.tokens()["access_token"])
        claims.pop(name, None)
        if value is not MISSING:
            claims[name] = value
        # PyJWT itself will not sign some of these.
        header, payload = (
            base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
            for part in ({"alg": "HS256", "typ": "JWT"}, claims)
        )
        signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(
            header + b"." + payload, app.config["JWT_SECRET_KEY"]
        )
        token = b".".join([header, payload, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()
        assert asked_with(app, token) == REFUSED

    def test_somebody_elses_session_is_refused(self, app: Application, person: Person, api: ApiClient) -> None:
        claims = claims_of(person.tokens()["access_token"])
        assert api.token
        claims["sid"] = claims_of(api.token)["sid"]
        assert asked_with(app, signed(app, claims)) == REFUSED

    def test_another_agency_than_the_sessions_is_refused(
        self, app: Application, person: Person, other_agency: AgencyUnderTest
    ) -> None:
        person.join(other_agency)
        claims = claims_of(person.tokens()["access_token"])
        assert asked_with(app, signed(app, claims | {"agency": str(other_agency.id)})) == REFUSED


class TestSignatures:
    def test_none_is_no_algorithm(self, app: Application, person: Person) -> None:
        claims = claims_of(person.tokens()["access_token"])
        for name in ("none", "None", "NONE"):
            assert asked_with(app, f"{encoded({'alg': name, 'typ': 'JWT'})}.{encoded(claims)}.") == REFUSED

    def test_other_keys_and_algorithms_are_refused(self, app: Application, person: Person, settings: Settings) -> None:
        claims = claims_of(person.tokens()["access_token"])
        for key in (b"k" * 32, settings.master_secret, settings.key_for("another purpose")):
            assert asked_with(app, signed(app, claims, key=key)) == REFUSED
        longer = jwt.encode(claims, app.config["JWT_SECRET_KEY"] * 2, algorithm="HS512")
        assert asked_with(app, longer) == REFUSED

    def test_keys_named_in_the_header_are_ignored(self, app: Application, person: Person) -> None:
        claims = claims_of(person.tokens()["access_token"])
        named = {"jku": "https://evil.example/keys", "kid": "../../dev/null", "jwk": {"kty": "oct", "k": "AA"}}
        assert asked_with(app, signed(app, claims, key=b"k" * 32, headers=named)) == REFUSED

    @pytest.mark.parametrize("token", ["x", "a.b.c", "...", "x" * 5000, "eyJhbGciOiJIUzI1NiJ9.e30."])
    def test_what_is_no_token_is_refused(self, app: Application, token: str) -> None:
        assert asked_with(app, token) == REFUSED

    @pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "Token abc"])
    def test_without_a_bearer_token_nobody_is_signed_in(self, app: Application, header: str) -> None:
        answer = ApiClient(app).get("/auth/me", headers={"Authorization": header})
        assert problem(answer) == (401, "unauthorized")

    def test_never_from_the_address(self, app: Application, person: Person) -> None:
        token = person.tokens()["access_token"]
        for name in ("token", "access_token", "jwt"):
            assert ApiClient(app).get(f"/auth/me?{name}={token}").status_code == 401


class TestKinds:
    def test_a_refresh_token_opens_no_door(self, app: Application, person: Person) -> None:
        assert asked_with(app, person.tokens()["refresh_token"]) == REFUSED

    def test_an_access_token_buys_nothing(self, app: Application, person: Person) -> None:
        assert problem(refresh(app, person.tokens()["access_token"])) == REFUSED


class TestTime:
    def test_it_ends_when_it_says_cached_or_not(self, app: Application, person: Person) -> None:
        tokens = person.tokens()
        client = ApiClient(app, tokens["access_token"])
        ok(client.get("/auth/me"))
        # Past the codec's leeway too.
        with time_machine.travel(datetime.now(UTC) + timedelta(minutes=10, seconds=10)):
            assert problem(client.get("/auth/me")) == REFUSED
            again = ok(refresh(app, tokens["refresh_token"]))
            ok(ApiClient(app, again["access_token"]).get("/auth/me"))

    def test_a_refresh_token_ends_too(self, app: Application, person: Person) -> None:
        tokens = person.tokens()
        with time_machine.travel(datetime.now(UTC) + timedelta(days=14, minutes=1)):
            assert problem(refresh(app, tokens["refresh_token"])) == REFUSED

    def test_a_session_ends_however_often_it_is_refreshed(self, app: Application, person: Person) -> None:
        tokens = person.tokens()
        for days in range(10, 90, 10):
            with time_machine.travel(datetime.now(UTC) + timedelta(days=days)):
                tokens = ok(refresh(app, tokens["refresh_token"]))
        with time_machine.travel(datetime.now(UTC) + timedelta(days=90, minutes=1)):
            assert problem(refresh(app, tokens["refresh_token"])) == REFUSED


class TestRevocation:
    def test_signing_out_counts_at_once(self, person: Person, api: ApiClient) -> None:
        client = person.client()
        ok(client.get("/auth/me"))
        ok(client.post("/auth/logout"), 204)
        assert problem(client.get("/auth/me")) == REFUSED
        (event,) = ok(api.get(f"/audit?name=auth.session_revoked&actor_id={person.user_id}"))["items"]
        assert event["payload"]["reason"] == "signed_out"

    def test_signing_out_ends_the_refresh_token_and_no_other_session(self, app: Application, person: Person) -> None:
        tokens, other = person.tokens(), person.client()
        ok(ApiClient(app, tokens["access_token"]).post("/auth/logout"), 204)
        assert problem(refresh(app, tokens["refresh_token"])) == REFUSED
        ok(other.get("/auth/me"))

    def test_other_processes_follow_within_a_second(self, settings: Settings, person: Person, api: ApiClient) -> None:
        other = create_app(settings)
        try:
            client = person.client()
            there = ApiClient(other, client.token)
            ok(there.get("/leads"))
            ok(api.patch(f"/users/{person.user_id}", {"roles": ["accountant"]}, version="*"))
            assert "contacts.write" not in ok(client.get("/auth/me"))["permissions"]
            ok(client.post("/auth/logout"), 204)
            time.sleep(EVERY + 0.1)
            assert problem(there.get("/leads")) == REFUSED
        finally:
            with other.app_context():
                dispose()

    def test_a_demotion_counts_at_once(self, person: Person, api: ApiClient) -> None:
        client = person.client()
        made = ok(client.post("/leads", {"contact": {"name": "Ana"}}), 201)
        ok(api.patch(f"/users/{person.user_id}", {"roles": ["read_only"]}, version="*"))
        assert problem(client.post("/leads", {"contact": {"name": "Bea"}})) == (403, "forbidden")
        ok(client.get(f"/leads/{made['id']}"))
        ok(api.patch(f"/users/{person.user_id}", {"roles": []}, version="*"))
        assert problem(client.get(f"/leads/{made['id']}")) == (403, "forbidden")

    def test_a_role_of_the_agencys_own_counts_as_it_is_now(self, person: Person, api: ApiClient) -> None:
        role = ok(api.post("/roles", {"code": "desk", "name": "Desk", "permissions": {"leads.read": "own"}}), 201)
        ok(api.patch(f"/users/{person.user_id}", {"roles": ["desk"]}, version="*"))
        client = person.client()
        assert ok(client.get("/auth/me"))["permissions"] == {"leads.read": "own"}
        ok(api.patch(f"/roles/{UUID(role['id'])}", {"permissions": {"contacts.read": "all"}}, version="*"))
        time.sleep(EVERY + 0.1)
        assert ok(client.get("/auth/me"))["permissions"] == {"contacts.read": "all"}
        assert problem(client.get("/leads")) == (403, "forbidden")
