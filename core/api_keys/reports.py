"""Keys that were found in the open: whoever finds one can end it, and its owner is told."""

from __future__ import annotations

from core.actor import Actor
from core.api_keys import jobs, principals, service
from core.api_keys.repository import api_keys
from core.db.tenancy import acting_as


def take(text: str) -> None:
    """Revoke the key that a text is, and tell its owner; nobody learns whether it was one.

    Also where its owner may not work at this time: it would open again with them.
    """
    found = principals.known(text)
    if found is None:
        return
    with acting_as(Actor(kind="public", agency_id=found.agency_id)):
        key = api_keys.reported(found.id)
        if key is None or key.revoked_at is not None:
            return
        service.end(key, because="reported")
        jobs.tell_owner.enqueue(key_id=key.id)
