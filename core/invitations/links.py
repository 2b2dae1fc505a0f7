"""The links that invitations are mailed with: each stands for one sending of one invitation."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import msgspec

from core.auth.once import one_time
from core.db.session import apart

PURPOSE = "invitations.accept"
LIFETIME = timedelta(days=7)


class Link(msgspec.Struct, frozen=True):
    """What a link stands for."""

    agency_id: UUID
    invitation_id: UUID
    sent: int


def make(link: Link) -> str:
    """A token for a link; only its digest is kept."""
    with apart() as session:
        noted = {"invitation_id": str(link.invitation_id), "sent": link.sent}
        return one_time.hand_out(session, PURPOSE, lifetime=LIFETIME, agency_id=link.agency_id, data=noted)


def read(token: str) -> Link | None:
    """What a token stands for, without using it up."""
    found = one_time.look(PURPOSE, token)
    if found is None or found.agency_id is None:
        return None
    return msgspec.convert({"agency_id": found.agency_id, **found.data}, Link)


def use_up(token: str) -> None:
    """Forget a token."""
    with apart() as session:
        one_time.take(session, PURPOSE, token)
