"""Credentials that look right and are not: each of them is one mistake away from a token of ours."""

from __future__ import annotations

import base64
import json
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.warnings import InsecureKeyLengthWarning

from core import clock
from core.auth.models import AuthSession
from core.auth.tokens import access
from core.db.session import apart
from core.http.application import Application
from core.keyring import rings
from core.testing.clients import ApiClient
from core.testing.factories import AgencyUnderTest

Change = Callable[[dict[str, Any], dict[str, Any]], None]


class Forger:
    """Knows the signing key, as only a test may, and a session that is good."""

    def __init__(self, app: Application, person: ApiClient) -> None:
        assert person.token is not None
        self.app, self.token = app, person.token
        self.claims = jwt.decode(person.token, options={"verify_signature": False})
        self.header = jwt.get_unverified_header(person.token)
        with app.app_context():
            found = rings.ring(rings.TOKENS).find(UUID(self.header["kid"]))
        assert found is not None
        self.secret = found.secret
        self.key = access._derived(found.secret, "staff")

    def sign(self, *, key: Any = None, algorithm: str = "HS256", header: Any = None, **claims: Any) -> str:
        """A token with other claims (None takes one away), header or key."""
        said = {name: value for name, value in (self.claims | claims).items() if value is not None}
        top = {name: value for name, value in (self.header | (header or {})).items() if value is not None}
        top.pop("alg", None)
        with warnings.catch_warnings():
            # Our key is short for the algorithms that are not ours.
            warnings.simplefilter("ignore", InsecureKeyLengthWarning)
            return jwt.encode(said, self.key if key is None else key, algorithm, headers=top)


def unsigned(header: dict[str, Any], claims: dict[str, Any], signature: str = "") -> str:
    """A token put together by hand."""
    parts = [base64.urlsafe_b64encode(json.dumps(each).encode()).decode().rstrip("=") for each in (header, claims)]
    return ".".join([*parts, signature])


def bad(app: Application, person: ApiClient, agency: AgencyUnderTest, other: AgencyUnderTest) -> dict[str, str]:
    """What may follow `Bearer`, by what is wrong with it."""
    forger, stranger = Forger(app, person), other.member("owner")
    made = {
        **dict(_claims(forger, stranger, other)),
        **dict(_signatures(forger)),
        **dict(_headers(forger)),
        "revoked session": _revoked(app, agency),
        "expired session": _outlived(app, agency),
    }
    # What the forger makes without a mistake is taken: otherwise everything here would be refused for another reason.
    assert ApiClient(app, forger.sign(jti=str(uuid4()))).get("/auth/me").status_code == 200
    return made


def _claims(forger: Forger, stranger: ApiClient, other: AgencyUnderTest) -> Iterator[tuple[str, str]]:
    now = int(time.time())
    theirs = jwt.decode(stranger.token or "", options={"verify_signature": False})
    yield "expired", forger.sign(exp=now - 60, iat=now - 660)
    yield "never expires", forger.sign(exp=None)
    yield "issued in the future", forger.sign(iat=now + 3600, nbf=now + 3600)
    yield "wrong audience", forger.sign(aud=access.AUDIENCES["portal"])
    yield (
        "wrong audience, signed for it",
        forger.sign(aud=access.AUDIENCES["portal"], key=access._derived(forger.secret, "portal")),
    )
    yield "two audiences", forger.sign(aud=[*access.AUDIENCES.values()])
    yield "no audience", forger.sign(aud=None)
    yield "wrong issuer", forger.sign(iss="somebody")
    yield "no issuer", forger.sign(iss=None)
    for purpose in ("refresh", "email_verify", "reset", "ACCESS", None):
        yield f"purpose {purpose}", forger.sign(type=purpose)
    yield "no session", forger.sign(sid=None)
    yield "session of nobody", forger.sign(sid=str(uuid4()))
    yield "session of somebody else", forger.sign(sid=theirs["sid"])
    yield "other person", forger.sign(sub=theirs["sub"])
    yield "other agency", forger.sign(agency=str(other.id))
    yield "no agency", forger.sign(agency=None)
    yield "no person", forger.sign(sub=None)
    yield "no id", forger.sign(jti=None)


def _signatures(forger: Forger) -> Iterator[tuple[str, str]]:
    head, body, seal = forger.token.split(".")
    raised = base64.urlsafe_b64encode(json.dumps(forger.claims | {"roles": ["owner"]}).encode()).decode().rstrip("=")
    yield "changed claims", f"{head}.{raised}.{seal}"
    yield "no signature", f"{head}.{body}."
    yield "half a signature", f"{head}.{body}.{seal[: len(seal) // 2]}"
    for spelled in ("none", "None", "NONE", ""):
        yield f"alg {spelled or 'empty'}", unsigned(forger.header | {"alg": spelled}, forger.claims)
        yield f"alg {spelled or 'empty'}, signed", unsigned(forger.header | {"alg": spelled}, forger.claims, seal)
    yield "other key", forger.sign(key=b"x" * 32)
    yield "empty key", forger.sign(key=b"\0" * 32)
    yield "the key before it is derived", forger.sign(key=forger.secret)
    yield "other algorithm of the family", forger.sign(algorithm="HS512")
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    yield "other algorithm", forger.sign(key=private, algorithm="RS256")


def _headers(forger: Forger) -> Iterator[tuple[str, str]]:
    yield "key of nobody", forger.sign(header={"kid": str(uuid4())})
    yield "no key", forger.sign(header={"kid": None})
    for trick in ("../../dev/null", "' OR 1=1 --", "", "\0"):
        yield f"key {trick!r}", forger.sign(header={"kid": trick})
    yield "no type", forger.sign(header={"typ": None})
    yield "plain type", forger.sign(header={"typ": "JWT"})
    yield "own key", forger.sign(key=b"x" * 32, header={"jwk": {"kty": "oct", "k": "eHh4"}})
    yield "address of a key", forger.sign(header={"jku": "https://evil.example/keys"})
    yield "critical", forger.sign(header={"crit": ["exp"]})
    for junk in ("x", "x.y", "x.y.z", ".", "..", "null", "Bearer", "\u00e9", "a" * 100_000, "{}", "eyJ.eyJ.eyJ"):
        yield f"junk {junk[:8]!r}", junk
    yield "two tokens", f"{forger.token} {forger.token}"
    yield "a comma behind", f"{forger.token},"


def _revoked(app: Application, agency: AgencyUnderTest) -> str:
    person = agency.newcomer("owner")
    # Once it was good, and this process may remember that.
    assert person.get("/auth/me").status_code == 200
    assert person.post("/auth/logout").status_code == 204
    assert person.token is not None
    return person.token


def _outlived(app: Application, agency: AgencyUnderTest) -> str:
    person = agency.newcomer("owner")
    with app.app_context(), apart() as session:
        found = session.query(AuthSession).filter_by(user_id=person.user_id).one()
        found.expires_at = clock.now().replace(year=2020)
    assert person.token is not None
    return person.token
