"""The secrets of endpoints, stored sealed, and the headers that a receiver verifies a message by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from core.sdk import outbound, sealing

from ..schemas import Message

OVERLAP = timedelta(hours=24)
"""How long the secret before the present one signs beside it."""
_COLUMN = "webhooks_endpoint.secret"


def seal(secret: str, *, endpoint_id: UUID) -> str:
    """A secret as it is stored."""
    return sealing.sealed(secret, column=_COLUMN, row_id=endpoint_id)


def headers(message: Message, *, at: datetime) -> dict[str, str]:
    """What a receiver verifies a message by. Raises Unreadable where the secret cannot be opened any more."""
    return outbound.signed_headers(message.message_id, message.body.encode(), keys=_secrets(message, at), at=at)


def _secrets(message: Message, at: datetime) -> Sequence[str]:
    until = message.previous_secret_until
    stored = [message.secret]
    if message.previous_secret and until and at < until:
        stored.append(message.previous_secret)
    return [sealing.opened(each, column=_COLUMN, row_id=message.endpoint_id) for each in stored]
