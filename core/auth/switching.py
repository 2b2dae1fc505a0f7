"""Going on in another agency: with the proof that was given, and whatever that agency asks for besides."""

from __future__ import annotations

from core import clock
from core.actor import current_user_id
from core.auth import admission, sessions
from core.auth.errors import InvalidToken
from core.auth.models import AuthSession
from core.auth.schemas import Challenge, Tokens
from core.db.session import apart


def switch(slug: str) -> Tokens | Challenge:
    """Open a session in another agency of the signed-in person. Raises NoMembership, NotYourself."""
    session_id = sessions.yourself()
    with apart() as session:
        row = session.get(AuthSession, session_id)
    if row is None:
        raise InvalidToken
    # Going elsewhere proves nothing anew, and lasts no longer than what it began with.
    return admission.admit(
        current_user_id(),
        agency=slug,
        methods=row.methods,
        proven_at=row.proven_at,
        lifetime=row.expires_at - clock.now(),
    )
