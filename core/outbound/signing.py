"""Signatures of messages to the outside, as Standard Webhooks has them (https://www.standardwebhooks.com)."""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

TOLERANCE = timedelta(minutes=5)
"""How far the clock of a sender may be off, and how old a message may be."""
_PREFIX = "whsec_"


def new_secret() -> str:
    """A secret of 32 random bytes."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signed_headers(message_id: str, body: bytes, *, keys: Iterable[str], at: datetime) -> dict[str, str]:
    """What a receiver verifies a JSON message by; `keys` are secrets, of which the receiver knows at least one.

    `message_id` is the same at every attempt: what receivers tell repeats by.
    """
    timestamp = str(int(at.timestamp()))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(_signature(key, signed) for key in keys),
    }


def is_signed(headers: Mapping[str, str], body: bytes, *, keys: Iterable[str], at: datetime) -> bool:
    """Whether a message that came in was signed just now with one of these secrets; `headers` by any spelling."""
    named = {name.lower(): value for name, value in headers.items()}
    message_id, timestamp = named.get("webhook-id", ""), named.get("webhook-timestamp", "")
    if not message_id or not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 11):
        return False
    if abs(at - datetime.fromtimestamp(int(timestamp), UTC)) > TOLERANCE:
        return False
    signed = f"{message_id}.{timestamp}.".encode() + body
    sent = [each.encode() for each in named.get("webhook-signature", "").split(" ")]
    # Every pair, so that the time it takes tells nothing.
    matches = [hmac.compare_digest(_signature(key, signed).encode(), each) for key in keys for each in sent]
    return any(matches)


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
