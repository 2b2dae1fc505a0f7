"""What ties a callback to the browser that began the sign-in: one secret, and everything else made from it."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from flask import current_app

from core.auth.once import one_time
from core.config import Settings
from core.crypto import digest, equal, keyed_digest
from core.db.session import apart

PURPOSE = "oidc.sign_in"
LIFETIME = timedelta(minutes=10)


class Begun(msgspec.Struct, frozen=True):
    """A sign-in that was begun."""

    provider_id: UUID
    fresh: bool
    begun_at: int
    """Seconds since 1970."""
    linking: UUID | None = None
    """Who began it where they are signed in, to say who they are with the provider; it then signs nobody in."""


class Ticket(msgspec.Struct, frozen=True):
    """The secret of one sign-in. It stays with the browser that began; the provider only sees what is made from it."""

    binding: str

    @property
    def state(self) -> str:
        """What comes back with the person: whoever has another's cannot find the binding to it."""
        return _text(digest(f"state:{self.binding}".encode("utf-8", "surrogatepass")))

    @property
    def nonce(self) -> str:
        """What the provider signs, so that a token of another sign-in is noticed."""
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        """The PKCE code verifier. Made with our key: neither the browser nor the database can tell it."""
        return self._derived("code verifier")

    def belongs_to(self, state: str) -> bool:
        """Whether a state is the one of this sign-in."""
        return equal(self.state.encode(), state.encode("utf-8", "surrogatepass"))

    def _derived(self, purpose: str) -> str:
        settings: Settings = current_app.extensions["tripfile.settings"]
        message = self.binding.encode("utf-8", "surrogatepass")
        return _text(keyed_digest(settings.key_for(f"OpenID Connect: {purpose}"), message))


def issue(begun: Begun, *, agency_id: UUID) -> Ticket:
    """A ticket that is good once, for ten minutes."""
    data: dict[str, Any] = msgspec.to_builtins(begun)
    with apart() as session:
        return Ticket(one_time.hand_out(session, PURPOSE, lifetime=LIFETIME, agency_id=agency_id, data=data))


def take(ticket: Ticket) -> Begun | None:
    """Use a ticket up; None for one that is unknown, used or too old."""
    with apart() as session:
        handed = one_time.take(session, PURPOSE, ticket.binding)
    return msgspec.convert(handed.data, Begun) if handed is not None else None


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
