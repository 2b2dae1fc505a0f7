"""The two requests of the code flow: where the person is sent, and what the code is traded for."""

from __future__ import annotations

from typing import Any

import msgspec
from authlib.common.errors import AuthlibBaseError
from authlib.oauth2.client import OAuth2Client

from core import sealing
from core.oidc import transport
from core.oidc.discovery import Metadata
from core.oidc.errors import ProviderBroken, SignInRefused
from core.oidc.schemas import Trust
from core.oidc.tickets import Ticket

SECRET_COLUMN = "core_identity_provider.client_secret"  # noqa: S105 - the name of a column
_SCOPE = "openid email profile"
_METHODS = ("client_secret_basic", "client_secret_post")


class Granted(msgspec.Struct, frozen=True):
    """What a code was traded for, as far as it matters here."""

    id_token: str
    access_token: str


def authorization_url(trust: Trust, metadata: Metadata, ticket: Ticket, *, fresh: bool) -> str:
    """Where the person is sent. With `fresh` the provider must ask them who they are, and tell when it did."""
    asked = {"prompt": "login", "max_age": "0"} if fresh else {}
    url, _state = _client(trust, metadata).create_authorization_url(
        metadata.authorization_endpoint,
        state=ticket.state,
        nonce=ticket.nonce,
        code_verifier=ticket.verifier,
        **asked,
    )
    return str(url)


def granted(trust: Trust, metadata: Metadata, ticket: Ticket, *, code: str) -> Granted:
    """Trade a code. Raises SignInRefused, ProviderDown, ProviderBroken."""
    client = _client(trust, metadata)
    try:
        answer: Any = client.fetch_token(metadata.token_endpoint, code=code, code_verifier=ticket.verifier)
    except AuthlibBaseError as error:
        raise SignInRefused(f"token endpoint: {error.error}"[:200]) from None
    except ValueError:
        raise ProviderBroken("Its token endpoint answers with something else than a JSON object") from None
    try:
        return msgspec.convert(dict(answer), Granted)
    except msgspec.ValidationError as error:
        raise ProviderBroken(f"Its token endpoint answers without what is needed: {error}") from None


def claims_of(metadata: Metadata, access_token: str, *, subject: str) -> dict[str, Any]:
    """The claims of the userinfo endpoint, for providers that keep them out of the ID token; none where it has none.

    Raises SignInRefused where it speaks of somebody else, ProviderDown, ProviderBroken.
    """
    if metadata.userinfo_endpoint is None:
        return {}
    found = transport.fetch(metadata.userinfo_endpoint, bearer=access_token)
    if not isinstance(found, dict) or found.get("sub") != subject:
        raise SignInRefused("userinfo: it is of somebody else")
    return found


def _client(trust: Trust, metadata: Metadata) -> OAuth2Client:
    return OAuth2Client(
        transport.Session(),
        client_id=trust.client_id,
        client_secret=_secret(trust),
        token_endpoint_auth_method=_method(trust, metadata),
        scope=_SCOPE,
        redirect_uri=trust.redirect_uri,
        code_challenge_method="S256",
    )


def _secret(trust: Trust) -> str | None:
    if trust.client_secret is None:
        return None
    return sealing.opened(trust.client_secret, column=SECRET_COLUMN, row_id=trust.id, agency_id=trust.agency_id)


def _method(trust: Trust, metadata: Metadata) -> str:
    if trust.client_secret is None:
        return "none"
    offered = metadata.token_endpoint_auth_methods_supported
    return next((method for method in _METHODS if method in offered), _METHODS[0])
