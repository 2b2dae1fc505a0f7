"""Access tokens: every pinned claim counts, and what ends a session ends them."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from core import ids
from core.auth.errors import InvalidToken
from core.auth.tokens import access
from core.config import Settings, load
from core.http.application import Application
from core.keyring import rings
from core.keyring.rings import Ring
from core.revocations.watch import EVERY
from core.testing.clients import ApiClient, ok, problem
from core.testing.factories import AgencyUnderTest
from tests.core.auth.conftest import Person, refresh
from tests.core.auth.forging import claims_of, encoded, forged, genuine_header, header_of, key_of

REFUSED = (401, "invalid_token")
MISSING = object()
SOMEBODY = "4f0f6a52-6d4c-4a4f-9a55-0f1f8a3a2b93"


def spelled(value: object) -> str:
    return "missing" if value is MISSING else str(value)


def asked_with(app: Application, token: str) -> tuple[int, str]:
    """How a request with a token is answered; every refusal looks the same."""
    answer = ApiClient(app, token).get("/auth/me")
    assert answer.status_code != 401 or answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    return problem(answer) if answer.status_code >= 400 else (answer.status_code, "")


@pytest.fixture
def claims(person: Person) -> dict[str, Any]:
    """What a token of the person's claims."""
    return claims_of(person.tokens()["access_token"])


class TestClaims:
    WRONG: tuple[tuple[str, Any], ...] = (
        *((name, MISSING) for name in ("sub", "sid", "agency", "jti", "exp", "iat", "iss", "aud", "type")),
        ("sub", SOMEBODY), ("sub", "nobody"), ("sub", 7), ("sub", None), ("sub", []),
        ("sid", SOMEBODY), ("sid", "nobody"), ("sid", 7), ("sid", None), ("sid", []),
        ("agency", SOMEBODY), ("agency", "nobody"), ("agency", 7), ("agency", None), ("agency", []),
        ("iss", "somebody"), ("aud", "tripfile-portal"), ("aud", ["tripfile-staff"]), ("aud", "other"), ("aud", None),
        ("type", "refresh"), ("type", "email_verify"), ("type", None), ("type", ""),
        ("exp", 1), ("exp", "never"), ("exp", None), ("exp", 1e400), ("exp", []),
        ("iat", "once"), ("iat", 2**40), ("nbf", 2**40), ("jti", 7),
    )  # fmt: skip

    def test_the_claims_as_they_are_open_the_door(self, app: Application, claims: dict[str, Any]) -> None:
        assert asked_with(app, forged(app, claims)) == (200, "")

    def test_are_these_and_no_others(self, app: Application, person: Person, claims: dict[str, Any]) -> None:
        assert claims.keys() == {"exp", "iat", "iss", "aud", "sub", "sid", "jti", "agency", "type", "fresh"}
        assert (claims["iss"], claims["aud"], claims["sub"]) == ("tripfile", "tripfile-staff", str(person.user_id))
        assert claims["exp"] - claims["iat"] == 600

    @pytest.mark.parametrize(("name", "value"), WRONG, ids=spelled)
    def test_each_counts(self, app: Application, claims: dict[str, Any], name: str, value: Any) -> None:
        claims.pop(name, None)
        if value is not MISSING:
            claims[name] = value
        assert asked_with(app, forged(app, claims)) == REFUSED

    def test_a_token_for_another_end_is_none(
        self, app: Application, claims: dict[str, Any], settings: Settings
    ) -> None:
        reset = {"sub": claims["sub"], "purpose": "reset"}
        assert asked_with(app, forged(app, reset)) == REFUSED
        assert asked_with(app, forged(app, reset, key=settings.master_secret)) == REFUSED

    def test_somebody_elses_session_is_refused(self, app: Application, claims: dict[str, Any], api: ApiClient) -> None:
        claims["sid"] = claims_of(str(api.token))["sid"]
        assert asked_with(app, forged(app, claims)) == REFUSED

    def test_another_agency_than_the_sessions_is_refused(
        self, app: Application, person: Person, claims: dict[str, Any], other_agency: AgencyUnderTest
    ) -> None:
        person.join(other_agency)
        assert asked_with(app, forged(app, claims | {"agency": str(other_agency.id)})) == REFUSED

    def test_rights_in_a_token_are_worth_nothing(self, app: Application, person: Person, api: ApiClient) -> None:
        ok(api.patch(f"/users/{person.user_id}", {"roles": ["read_only"]}, version="*"))
        everything = {"permissions": {"leads.write": "all"}, "grants": {"leads.write": "all"}, "roles": ["owner"]}
        token = forged(app, claims_of(person.tokens()["access_token"]) | everything)
        assert asked_with(app, token) == (200, "")
        assert problem(ApiClient(app, token).post("/leads", {"contact": {"name": "Ana"}})) == (403, "forbidden")

    def test_those_of_plugins_cannot_replace_ours(self, app: Application, person: Person) -> None:
        signed_in = claims_of(person.tokens()["access_token"])
        session_id, agency_id = UUID(signed_in["sid"]), UUID(signed_in["agency"])
        wanted = {"sub": str(uuid4()), "exp": 2**40, "aud": "tripfile-portal", "type": "any", "iss": "me", "seat": "4A"}
        with app.app_context():
            made = access.make(user_id=person.user_id, session_id=session_id, agency_id=agency_id, extra=wanted)
        claims = claims_of(made)
        assert claims["seat"] == "4A"
        assert not any(claims[name] == wanted[name] for name in wanted if name != "seat")


class TestHeader:
    def test_says_what_it_is_and_which_key_signed_it(self, app: Application, person: Person) -> None:
        header = header_of(person.tokens()["access_token"])
        assert header == genuine_header(app)
        assert header["typ"] == "at+jwt"

    @pytest.mark.parametrize(
        "more",
        [
            {"jku": "https://evil.example/keys"},
            {"x5u": "https://evil.example/certificate"},
            {"jwk": {"kty": "oct", "k": "AA"}},
            {"x5c": ["AA"]},
            {"crit": ["exp"], "exp": 1},
            {"crit": ["b64"], "b64": True},
            {"typ": "JWT"},
            {"typ": "rt+jwt"},
            {"typ": None},
            {"cty": "JWT"},
            {"kid": "../../dev/null"},
            {"kid": ""},
            {"kid": None},
            {"kid": 7},
        ],
        ids=lambda more: next(iter(more)),
    )
    def test_that_says_anything_else_is_refused_however_it_is_signed(
        self, app: Application, claims: dict[str, Any], more: dict[str, Any]
    ) -> None:
        assert asked_with(app, forged(app, claims, header=more)) == REFUSED

    def test_a_key_nobody_knows_is_refused_without_a_question_each(
        self, app: Application, claims: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[int] = []
        look = Ring._look

        def counted(ring: Ring) -> Any:
            asked.append(1)
            return look(ring)

        monkeypatch.setattr(Ring, "_look", counted)
        monkeypatch.setattr(rings, "LOOK_AGAIN", 60.0)
        for _ in range(50):
            assert asked_with(app, forged(app, claims, header={"kid": str(ids.new())})) == REFUSED
        assert len(asked) <= 1


class TestSignatures:
    def test_none_is_no_algorithm(self, app: Application, claims: dict[str, Any]) -> None:
        for name in ("none", "None", "NONE"):
            assert asked_with(app, f"{encoded(genuine_header(app) | {'alg': name})}.{encoded(claims)}.") == REFUSED
            assert asked_with(app, forged(app, claims, header={"alg": name})) == REFUSED

    def test_other_keys_are_refused(self, app: Application, claims: dict[str, Any], settings: Settings) -> None:
        with app.app_context():
            ring_key = rings.ring(rings.TOKENS).settled().secret
        for key in (b"k" * 32, b"", settings.master_secret, settings.key_for("another purpose"), ring_key):
            assert asked_with(app, forged(app, claims, key=key)) == REFUSED

    def test_other_algorithms_are_refused_with_the_right_key(self, app: Application, claims: dict[str, Any]) -> None:
        for name, hashed_with in (("HS384", "sha384"), ("HS512", "sha512"), ("RS256", "sha256"), ("hs256", "sha256")):
            assert asked_with(app, forged(app, claims, header={"alg": name}, hashed_with=hashed_with)) == REFUSED

    def test_a_public_key_is_no_secret_to_sign_with(self, app: Application, claims: dict[str, Any]) -> None:
        public = rsa.generate_private_key(65537, 2048).public_key()
        pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        for name in ("HS256", "RS256"):
            assert asked_with(app, forged(app, claims, key=pem, header={"alg": name})) == REFUSED

    @pytest.mark.parametrize(
        "token", ["x", "a.b.c", "...", "x" * 5_000, "x" * 20_000, "eyJhbGciOiJIUzI1NiJ9.e30.", "[].[].[]"]
    )
    def test_what_is_no_token_is_refused(self, app: Application, token: str) -> None:
        assert asked_with(app, token) == REFUSED

    @pytest.mark.parametrize("claims", [[], "claims", 7, None, {"sub": {"a": []}}, {"exp": 10**400}])
    def test_what_claims_nothing_sensible_is_refused(self, app: Application, claims: Any) -> None:
        assert asked_with(app, forged(app, claims)) == REFUSED

    def test_a_deep_nest_of_brackets_is_refused(self, app: Application) -> None:
        import base64

        for nest in ("[" * 5_000, '{"a":' * 2_000):
            part = base64.urlsafe_b64encode(nest.encode()).decode().rstrip("=")
            assert asked_with(app, f"{encoded(genuine_header(app))}.{part}.AA") == REFUSED
            assert asked_with(app, f"{part}.{part}.AA") == REFUSED

    @pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "Token abc"])
    def test_without_a_bearer_token_nobody_is_signed_in(self, app: Application, header: str) -> None:
        answer = ApiClient(app).get("/auth/me", headers={"Authorization": header})
        assert problem(answer) == (401, "unauthorized")


class TestKinds:
    def test_a_refresh_token_opens_no_door(self, app: Application, person: Person) -> None:
        assert asked_with(app, person.tokens()["refresh_token"]) == REFUSED

    def test_an_access_token_buys_nothing(self, app: Application, person: Person) -> None:
        assert problem(refresh(app, person.tokens()["access_token"])) == REFUSED

    def test_one_for_clients_is_none_for_staff_and_the_other_way_round(
        self, app: Application, claims: dict[str, Any]
    ) -> None:
        portal = forged(app, claims | {"aud": "tripfile-portal"}, key=key_of(app, "portal"))
        with app.app_context():
            assert access.verify(portal, audience="portal").aud == "tripfile-portal"
            with pytest.raises(InvalidToken):
                access.verify(portal)
            with pytest.raises(InvalidToken):
                access.verify(forged(app, claims), audience="portal")
            # The key of one audience signs nothing for the other.
            with pytest.raises(InvalidToken):
                access.verify(forged(app, claims | {"aud": "tripfile-portal"}), audience="portal")


class TestTime:
    def test_it_ends_when_it_says_cached_or_not(self, app: Application, person: Person) -> None:
        pair = person.tokens()
        client = ApiClient(app, pair["access_token"])
        ok(client.get("/auth/me"))
        # Past what clocks may differ by.
        with time_machine.travel(datetime.now(UTC) + timedelta(minutes=10, seconds=40)):
            assert problem(client.get("/auth/me")) == REFUSED
            again = ok(refresh(app, pair["refresh_token"]))
            ok(ApiClient(app, again["access_token"]).get("/auth/me"))

    def test_clocks_may_differ_by_half_a_minute(self, app: Application, claims: dict[str, Any]) -> None:
        now = int(time.time())
        assert asked_with(app, forged(app, claims | {"iat": now + 25})) == (200, "")
        assert asked_with(app, forged(app, claims | {"exp": now - 25})) == (200, "")
        assert asked_with(app, forged(app, claims | {"exp": now - 35})) == REFUSED

    @pytest.mark.parametrize(("written", "seconds"), [("600", 600), ("10m", 600), ("24h", 86_400), ("90", 90)])
    def test_how_long_it_is_valid_is_set_in_seconds_minutes_or_hours(
        self, settings: Settings, written: str, seconds: int
    ) -> None:
        changed = load(_env_file=None, jwt_expiration=written, jwt_secret="s" * 32)
        assert changed.jwt_expiration == timedelta(seconds=seconds)
        assert not any("JWT" in line for line in changed.problems())
        assert bool(changed.warnings()) == (seconds > 3_600)

    @pytest.mark.parametrize("written", ["25h", "1s", "0"])
    def test_a_senseless_time_is_refused(self, written: str) -> None:
        changed = load(_env_file=None, jwt_expiration=written, jwt_secret="s" * 32)
        assert any("JWT_EXPIRATION" in line for line in changed.problems())


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
