"""What happened to API keys."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from core.actor import Scope
from core.db.personal import Code
from core.events.event import Event


class ApiKeyCreated(Event):
    """A member made an API key."""

    subject: ClassVar[str] = "api_key_id"
    api_key_id: UUID
    user_id: UUID
    scopes: dict[Code, Scope]
    networks: list[Code]


class ApiKeyChanged(Event):
    """A key got another name, other scopes or networks, another limit or another end."""

    subject: ClassVar[str] = "api_key_id"
    api_key_id: UUID
    from_scopes: dict[Code, Scope]
    scopes: dict[Code, Scope]
    from_networks: list[Code]
    networks: list[Code]


class ApiKeyRotated(Event):
    """A key got a new secret; the old one goes on opening for some hours."""

    subject: ClassVar[str] = "api_key_id"
    api_key_id: UUID
    overlap_hours: int


class ApiKeyRevoked(Event):
    """A key was revoked, by a person or because it was reported as found in the open."""

    subject: ClassVar[str] = "api_key_id"
    api_key_id: UUID
    user_id: UUID
    reason: Code
    """`revoked` or `reported`."""
