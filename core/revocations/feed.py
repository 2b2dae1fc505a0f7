"""The feed of what no longer counts: ended sessions, changed members, changed agencies; every process follows it."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger, and_, bindparam, select

from core.db.read import SystemQuery
from core.revocations.models import Revocation
from core.streams import PLATFORM, StreamHead

SCOPE = "revocations"
"""The platform's stream of revocations."""
CHANNEL = "revoked"
"""Where the bus carries them."""
_FAR_BEHIND = 5_000

Kind = Literal["session", "member", "agency", "key", "all"]


class Revoked(msgspec.Struct, frozen=True, array_like=True):
    """Something that no longer counts."""

    kind: Kind
    """`session` ended; `member`: the rights, state or teams of a user; `agency`: its roles, plugin switches or
    allow-lists; `key`: an API key was revoked or changed.

    `all`: the process has missed some and must check everything anew; the ids then mean nothing.
    """
    agency_id: UUID
    subject_id: UUID
    """The session's, the user's, the agency's or the key's id."""
    id: UUID


MISSED = Revoked("all", PLATFORM, PLATFORM, PLATFORM)
_after = bindparam("after", type_=BigInteger())
SINCE = SystemQuery(
    select(
        StreamHead.seq,
        Revocation.seq,
        Revocation.kind,
        Revocation.agency_id,
        Revocation.subject_id,
        Revocation.id,
    )
    .select_from(StreamHead)
    .outerjoin(Revocation, and_(Revocation.seq > _after, StreamHead.seq <= _after + _FAR_BEHIND))
    .where(StreamHead.agency_id == PLATFORM, StreamHead.scope == SCOPE)
    .order_by(Revocation.seq),
    lambda *row: row,
)
"""The head of the feed beside each row after a number: what was cleaned up meanwhile shows as a gap."""
