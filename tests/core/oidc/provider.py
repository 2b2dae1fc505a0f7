"""An identity provider on the loopback: real keys, real PKCE, and every way to misbehave."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

CLIENT_ID, CLIENT_SECRET = "tripfile", "a-secret-of-the-client"
Claims = dict[str, Any]
_KEY = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})


class Provider:
    """Knows one person, and tells of them what the test says."""

    def __init__(self) -> None:
        self.keys: list[RSAKey | ECKey] = [_KEY]
        self.alg = "RS256"
        # Addresses are unique across agencies, and so across tests.
        self.domain = f"sunrise-{secrets.token_hex(6)}.example"
        self.claims: Claims = {"email": f"ana@{self.domain}", "email_verified": True, "name": "Ana Duarte"}
        """Of the person; None takes a claim away."""
        self.discovery: dict[str, Any] = {}
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        """What a path answers instead."""
        self.sign: Callable[[dict[str, Any], Claims], str] | None = None
        self.profile: Claims | None = None
        self.tells_issuer = True
        self.asked: Counter[str] = Counter()
        self.tokens: list[dict[str, str]] = []
        self.codes: dict[str, dict[str, str]] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self))
        self.issuer = f"http://127.0.0.1:{self.server.server_address[1]}"
        self._thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop answering."""
        self.server.shutdown()
        self.server.server_close()
        self._thread.join(10)

    def visit(self, authorization_url: str) -> dict[str, str]:
        """What a browser does that knows the person: the parameters it comes back with."""
        parts = urlsplit(authorization_url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=5)
        connection.request("GET", f"{parts.path}?{parts.query}")
        answer = connection.getresponse()
        location = answer.headers["Location"] or ""
        connection.close()
        assert answer.status == 302, answer.status
        return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}

    def id_token(self, asked: dict[str, str], access_token: str) -> str:
        """The token for a sign-in, with the claims the test wants."""
        now = int(time.time())
        half = hashlib.sha256(access_token.encode()).digest()[:16]
        claims: Claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": "person-1",
            "iat": now,
            "exp": now + 300,
            "nonce": asked.get("nonce"),
            "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
        }
        claims = {name: value for name, value in (claims | self.claims).items() if value is not None}
        header = {"alg": self.alg} | ({"kid": self.keys[-1].kid} if self.keys[-1].kid else {})
        if self.sign is not None:
            return self.sign(header, claims)
        return jwt.encode(header, claims, self.keys[-1], algorithms=[self.alg])

    def document(self) -> dict[str, Any]:
        """What it says of itself."""
        found = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "code_challenge_methods_supported": ["S256"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
            "authorization_response_iss_parameter_supported": True,
        }
        if self.profile is not None:
            found["userinfo_endpoint"] = f"{self.issuer}/userinfo"
        return {name: value for name, value in (found | self.discovery).items() if value is not None}

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the browser is sent."""
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(24)
        self.codes[code] = asked
        back = {"code": code, "state": asked["state"]} | ({"iss": self.issuer} if self.tells_issuer else {})
        return f"{asked['redirect_uri']}?{urlencode(back)}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """Trade a code, as RFC 6749 and RFC 7636 have it."""
        self.tokens.append(form | {"authorization": authorization})
        asked = self.codes.pop(form.get("code", ""), None)
        if not self._is_client(form, authorization):
            return 401, {"error": "invalid_client"}
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        proof = base64.urlsafe_b64encode(challenge).rstrip(b"=").decode()
        if asked is None or asked["code_challenge"] != proof or asked["redirect_uri"] != form.get("redirect_uri"):
            return 400, {"error": "invalid_grant", "error_description": "no such code"}
        access_token = secrets.token_urlsafe(16)
        token = self.id_token(asked, access_token)
        return 200, {"access_token": access_token, "token_type": "Bearer", "expires_in": 60, "id_token": token}

    def _is_client(self, form: dict[str, str], authorization: str) -> bool:
        basic = "Basic " + base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        posted = form.get("client_id") == CLIENT_ID and form.get("client_secret") == CLIENT_SECRET
        return authorization == basic or posted

    def read(self, path: str, query: str, authorization: str) -> tuple[int, dict[str, str], Any]:
        """Answer a GET."""
        self.asked[path] += 1
        if path in self.answers:
            return self.answers[path]
        if path == "/authorize":
            return 302, {"Location": self.authorize({name: each[0] for name, each in parse_qs(query).items()})}, b""
        documents: dict[str, Any] = {
            "/.well-known/openid-configuration": self.document(),
            "/jwks": {"keys": [key.as_dict(private=False) for key in self.keys]},
            "/userinfo": self.profile if authorization.startswith("Bearer ") else None,
        }
        return (200, {}, documents[path]) if documents.get(path) is not None else (404, {}, b"")

    def take(self, path: str, form: dict[str, str], authorization: str) -> tuple[int, dict[str, str], Any]:
        """Answer a POST."""
        self.asked[path] += 1
        if path in self.answers:
            return self.answers[path]
        status, document = self.token(form, authorization)
        return status, {}, document


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, provider: Provider, *args: Any) -> None:
        self.provider = provider
        super().__init__(*args)

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.answer(*self.provider.read(parts.path, parts.query, self.headers.get("Authorization", "")))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        self.answer(*self.provider.take(self.path, form, self.headers.get("Authorization", "")))

    def answer(self, status: int, headers: dict[str, str], body: Any) -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(raw)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - so it is called in the base
        """Nobody reads it."""
