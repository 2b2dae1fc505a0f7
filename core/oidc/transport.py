"""Talking to identity providers: authlib's requests and ours, all of them through the SafeClient."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from core.oidc.errors import ProviderBroken, ProviderDown
from core.outbound.api import NoReply, Refused, Reply, SafeClient, TimedOut, TooLarge, Unreachable

SECONDS = 5.0
"""How long one answer may take: somebody waits for it."""
_DOWN = (Unreachable, TimedOut)


def fetch(address: str, *, bearer: str | None = None) -> Any:
    """A JSON document. Raises ProviderDown, ProviderBroken."""
    headers = {"accept": "application/json"} | ({"authorization": f"Bearer {bearer}"} if bearer else {})
    return decoded(send("GET", address, headers=headers))


def send(method: str, address: str, *, headers: Mapping[str, str], body: bytes = b"") -> Reply:
    """One request and its reply, whatever it says. Raises ProviderDown, ProviderBroken."""
    client = SafeClient.for_addresses_of_users("oidc")
    try:
        reply = client.send(method, address, headers=headers, body=body, seconds=SECONDS)
    except _DOWN as error:
        raise ProviderDown(str(error)) from None
    except (Refused, TooLarge, NoReply) as error:
        raise ProviderBroken(str(error)) from None
    if reply.status >= 500 or reply.status == 429:
        raise ProviderDown(f"It answers with status {reply.status}")
    return reply


def decoded(reply: Reply) -> Any:
    """The JSON of a reply that succeeded. Raises ProviderBroken: also for a redirect, which is not followed."""
    if reply.status != 200:
        raise ProviderBroken(f"It answers with status {reply.status}")
    try:
        return msgspec.json.decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ProviderBroken("What it answers is not JSON") from None


class Answer:
    """A reply, as authlib's client reads one."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self.status_code = reply.status

    def json(self) -> Any:
        """The body. Raises ValueError."""
        return msgspec.json.decode(self._reply.body)

    def raise_for_status(self) -> None:
        """Raise ProviderBroken unless it succeeded."""
        decoded(self._reply)


class Session:
    """What authlib's client sends its requests with, in the place of an HTTP library of its own."""

    def post(self, url: str, *, data: Mapping[str, str], headers: Mapping[str, str], auth: Any) -> Answer:
        """A form. Raises ProviderDown, ProviderBroken."""
        # A copy: what authlib gives is one mapping for everybody, and client authentication writes into it.
        url, headers, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        return Answer(send("POST", url, headers=headers, body=body.encode()))
