"""Secrets and signatures as Standard Webhooks has them (https://www.standardwebhooks.com)."""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from core.sdk import sealing

from ..schemas import Message

OVERLAP = timedelta(hours=24)
"""How long the secret before the present one signs beside it."""
_PREFIX = "whsec_"
_COLUMN = "webhooks_endpoint.secret"


def new_secret() -> str:
    """A secret of 32 random bytes."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def seal(secret: str, *, endpoint_id: UUID) -> str:
    """A secret as it is stored."""
    return sealing.sealed(secret, column=_COLUMN, row_id=endpoint_id)


def headers(message: Message, *, at: datetime) -> dict[str, str]:
    """What a receiver verifies a message by. Raises Unreadable where the secret cannot be opened any more."""
    timestamp = str(int(at.timestamp()))
    signed = f"{message.message_id}.{timestamp}.{message.body}".encode()
    return {
        "content-type": "application/json",
        "webhook-id": message.message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(_signature(secret, signed) for secret in _secrets(message, at)),
    }


def _secrets(message: Message, at: datetime) -> Sequence[str]:
    until = message.previous_secret_until
    stored = [message.secret]
    if message.previous_secret and until and at < until:
        stored.append(message.previous_secret)
    return [sealing.opened(each, column=_COLUMN, row_id=message.endpoint_id) for each in stored]


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
