"""What a provider says of itself, and its keys: read over the network, kept for a while, seldom asked for again."""

from __future__ import annotations

import base64
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
import structlog
from flask import current_app
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from core.config import Settings
from core.oidc import transport
from core.oidc.errors import ProviderBroken, ProviderDown

log = structlog.get_logger()
T = TypeVar("T")
GOOD_FOR = 3600.0
"""Seconds after which a provider is asked again what it says of itself, and for its keys."""
FAILED_FOR = 10.0
"""Seconds in which one that did not answer is not asked again: each question may take as long as a time-out."""
NEW_KEYS_EVERY = 60.0
"""Seconds between two questions for keys that a token named and nobody knew: whoever forges tokens sets the pace."""
MOST = 500
"""Providers that are kept in memory."""
MOST_KEYS = 50
RSA_SIZES = range(2048, 8193)
"""Bits. Shorter ones can be factored some day, longer ones make each forged token expensive to refuse."""
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Signatures only. A key that verifies them is public: nothing symmetric, and never `none`."""
Key = RSAKey | ECKey


class Metadata(msgspec.Struct, frozen=True):
    """A discovery document (OpenID Connect Discovery 1.0), as far as it matters here."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    code_challenge_methods_supported: list[str] | None = None
    id_token_signing_alg_values_supported: tuple[str, ...] = ("RS256",)
    authorization_response_iss_parameter_supported: bool = False


class Keys(msgspec.Struct, frozen=True):
    """The keys a provider signs with."""

    by_id: dict[str | None, list[Key]]

    def find(self, kid: str | None) -> list[Key]:
        """The keys with an id; without one, the only key there is."""
        if kid is not None:
            return self.by_id.get(kid, [])
        every = [key for keys in self.by_id.values() for key in keys]
        return every if len(every) == 1 else []

    def __len__(self) -> int:
        return sum(map(len, self.by_id.values()))


class _Answer(msgspec.Struct):
    value: Any
    until: float
    asked_at: float


class Directory:
    """What one process knows of providers."""

    def __init__(self) -> None:
        self._answers: OrderedDict[str, _Answer] = OrderedDict()
        self._lock = threading.Lock()

    def metadata(self, issuer: str) -> Metadata:
        """What an issuer says of itself. Raises ProviderDown, ProviderBroken."""
        place = issuer.rstrip("/") + "/.well-known/openid-configuration"
        return self._known(place, lambda: _metadata(issuer, place))

    def keys(self, metadata: Metadata) -> Keys:
        """An issuer's keys. Raises ProviderDown, ProviderBroken."""
        return self._known(metadata.jwks_uri, lambda: _keys(metadata.jwks_uri))

    def newer_keys(self, metadata: Metadata) -> Keys:
        """The keys as they are now, for a token that names one nobody knows; at most once a minute."""
        with self._lock:
            known = self._answers.get(metadata.jwks_uri)
            if known is not None and time.monotonic() - known.asked_at >= NEW_KEYS_EVERY:
                known.until = 0.0
        return self.keys(metadata)

    def forget(self, issuer: str) -> None:
        """Ask an issuer anew at the next question."""
        with self._lock:
            known = self._answers.pop(issuer.rstrip("/") + "/.well-known/openid-configuration", None)
            if known is not None and isinstance(known.value, Metadata):
                self._answers.pop(known.value.jwks_uri, None)

    def _known(self, place: str, ask: Callable[[], T]) -> T:
        known = self._answers.get(place)
        if known is None or known.until <= time.monotonic():
            known = self._asked(place, ask)
        if isinstance(known.value, Exception):
            # A new one: a traceback of another request must not hang on to it.
            raise type(known.value)(str(known.value))
        found: T = known.value
        return found

    def _asked(self, place: str, ask: Callable[[], Any]) -> _Answer:
        asked_at = time.monotonic()
        try:
            answer = _Answer(ask(), asked_at + GOOD_FOR, asked_at)
        except (ProviderDown, ProviderBroken) as problem:
            log.warning("oidc.provider_failed", host=urlsplit(place).hostname, reason=problem.detail)
            answer = _Answer(problem, time.monotonic() + FAILED_FOR, asked_at)
        with self._lock:
            self._answers[place] = answer
            self._answers.move_to_end(place)
            while len(self._answers) > 2 * MOST:
                self._answers.popitem(last=False)
        return answer


def directory() -> Directory:
    """What the running application knows of providers."""
    found: Directory = current_app.extensions.setdefault("tripfile.oidc", Directory())
    return found


def _metadata(issuer: str, place: str) -> Metadata:
    try:
        found = msgspec.convert(transport.fetch(place), Metadata)
    except msgspec.ValidationError as error:
        raise ProviderBroken(f"Its discovery document is none: {error}") from None
    if found.issuer != issuer:
        raise ProviderBroken(f"Its discovery document is that of another issuer: {found.issuer[:200]!r}")
    methods = found.code_challenge_methods_supported
    if methods is not None and "S256" not in methods:
        raise ProviderBroken("It does not support PKCE with S256")
    if not set(found.id_token_signing_alg_values_supported) & set(ALGORITHMS):
        raise ProviderBroken("It signs with no algorithm that is accepted here")
    _check_address_for_browsers(found.authorization_endpoint)
    return found


def _check_address_for_browsers(address: str) -> None:
    """Where we send people: we never connect to it ourselves, so nothing else looks at it."""
    settings: Settings = current_app.extensions["tripfile.settings"]
    schemes = {"https", "http"} if settings.outbound_allow_networks else {"https"}
    parts = urlsplit(address)
    if parts.scheme not in schemes or not parts.hostname or "@" in parts.netloc or "#" in address:
        raise ProviderBroken("Its authorization endpoint is no https address")


def _keys(place: str) -> Keys:
    document = transport.fetch(place)
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise ProviderBroken("Its keys are no JWK set")
    by_id: dict[str | None, list[Key]] = {}
    for each in listed[:MOST_KEYS]:
        key = _key(each)
        if key is not None:
            by_id.setdefault(key.kid, []).append(key)
    return Keys(by_id)


def _key(listed: Any) -> Key | None:
    """A public key to verify with; None for one that is for something else, too weak, or of a kind unknown here."""
    if not isinstance(listed, dict) or listed.get("kty") not in {"RSA", "EC"} or listed.get("use", "sig") != "sig":
        return None
    try:
        if listed["kty"] == "EC":
            return ECKey.import_key(listed)
        size = int.from_bytes(base64.urlsafe_b64decode(listed["n"] + "==")).bit_length()
        return RSAKey.import_key(listed) if size in RSA_SIZES else None
    except (JoseError, ValueError, TypeError, KeyError):
        return None
