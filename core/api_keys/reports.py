"""Keys that were found in the open: whoever finds one can end it, and its owner is told."""

from __future__ import annotations

from core.actor import Actor
from core.api_keys import jobs, principals, service
from core.api_keys.repository import api_keys
from core.db.tenancy import acting_as


def take(text: str) -> None:
    """Revoke the live key that a text is, and tell its owner; nobody learns whether it was one."""
    found = principals.opened(text)
    if found is None:
        return
    standing, _ = found
    with acting_as(Actor(kind="public", agency_id=standing.agency_id)):
        key = api_keys.reported(standing.id)
        if key is None or key.revoked_at is not None:
            return
        service.end(key, because="reported")
        jobs.tell_owner.enqueue(key_id=key.id)
