"""Whether a password is known from breaches: five digits of its SHA-1 are asked for, and nothing else leaves."""

from __future__ import annotations

import hashlib

import structlog

from core.extensions import settings
from core.outbound.client import SafeClient
from core.outbound.errors import NoReply

log = structlog.get_logger()
_PREFIX = 5
_PATIENCE = 2.0
"""Seconds the service may take: somebody waits for their password to be set."""


def knows(password: str) -> bool:
    """Whether PASSWORD_BREACH_URL knows it; no, where none is set or it does not answer."""
    if not settings().password_breach_url:
        return False
    # As it was typed: that is what such lists hold.
    digest = hashlib.sha1(password.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest().upper()
    try:
        lines = _range(settings().password_breach_url, digest[:_PREFIX])
    except (NoReply, ValueError) as error:
        # Nobody is kept from setting a password because a service elsewhere is down.
        log.warning("passwords.breach_lookup_failed", cause=type(error).__name__, reason=str(error))
        return False
    return any(_counts(line, digest[_PREFIX:]) for line in lines)


def _range(url: str, prefix: str) -> list[str]:
    reply = SafeClient.for_addresses_of_users("auth").send(
        # Padding keeps a listener from guessing the prefix by the size of the answer.
        "GET",
        f"{url.rstrip('/')}/{prefix}",
        headers={"Add-Padding": "true"},
        seconds=_PATIENCE,
    )
    if reply.status != 200:
        raise ValueError(f"It answered {reply.status}")
    return reply.body.decode("ascii").splitlines()


def _counts(line: str, suffix: str) -> bool:
    """Padding has the count 0."""
    found, _, count = line.strip().partition(":")
    return found.upper() == suffix and count.strip() not in ("", "0")
