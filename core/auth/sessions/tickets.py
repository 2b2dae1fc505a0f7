"""Tickets for sockets: good once and for a minute, for clients that cannot or will not show their access token."""

from __future__ import annotations

from uuid import UUID

from core import clock
from core.actor import current_actor
from core.auth.errors import InvalidToken, NotYourself
from core.auth.once import one_time
from core.auth.once.purposes import SOCKET_TICKET, SOCKET_TICKET_LASTS
from core.auth.schemas import SocketTicket
from core.auth.sessions import standing
from core.auth.tokens import access
from core.db.session import apart
from core.extensions import settings


def hand_out() -> SocketTicket:
    """A ticket for the caller's session. Raises NotYourself for API keys, which have none."""
    actor = current_actor()
    if actor.session_id is None:
        raise NotYourself
    with apart() as session:
        ticket = one_time.hand_out(
            session,
            SOCKET_TICKET,
            lifetime=SOCKET_TICKET_LASTS,
            user_id=actor.user_id,
            agency_id=actor.agency_id,
            data={"session_id": str(actor.session_id)},
        )
    return SocketTicket(ticket=ticket, expires_in=int(SOCKET_TICKET_LASTS.total_seconds()))


def redeem(ticket: str) -> str:
    """Use a ticket up; an access token of its session. Raises InvalidToken."""
    with apart() as session:
        handed = one_time.take(session, SOCKET_TICKET, ticket)
    found = standing.of(UUID(handed.data["session_id"])) if handed else None
    if handed is None or found is None:
        raise InvalidToken
    return access.make(
        user_id=found.user_id,
        session_id=UUID(handed.data["session_id"]),
        agency_id=found.agency_id,
        extra={},
        audience=found.audience,
        lasting=min(settings().jwt_expiration, found.expires_at - clock.now()),
    )
