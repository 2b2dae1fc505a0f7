"""Whom passkeys are made for: a domain, and the addresses of the pages that may ask for them."""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec
from flask import current_app

from core.config import Settings


class RelyingParty(msgspec.Struct, frozen=True):
    """The domain a passkey is bound to, and the origins that may use it."""

    id: str
    origins: list[str]


def relying_party() -> RelyingParty:
    """From the configuration, never from the request: its Host header is the client's word."""
    settings: Settings = current_app.extensions["tripfile.settings"]
    # Browsers know no passkeys for bare addresses; this machine has a name.
    address = urlsplit(settings.base_url or f"http://localhost:{settings.port}")
    origins = settings.passkey_origins or (f"{address.scheme}://{address.netloc}",)
    return RelyingParty(settings.passkey_rp_id or address.hostname or "localhost", list(origins))
