"""Going on in another agency: with the proof that was given, and whatever that agency asks for besides."""

from __future__ import annotations

from core import clock
from core.actor import current_user_id
from core.auth.people.places import AGENCIES
from core.auth.schemas import Challenge, Tokens
from core.auth.sessions import locks, opening
from core.auth.ways_in import admission
from core.db.session import apart
from core.errors import Fault, Invalid


def switch(slug: str) -> Tokens | Challenge:
    """Open a session in another agency of the signed-in person, which ends with the one they have.

    Raises Invalid for the agency they are in already, NoMembership, SetUpElsewhere, NotYourself, InvalidToken.
    """
    session_id = opening.yourself()
    with apart() as session:
        # Not what this process remembers of it: the session may have ended this moment.
        row = locks.live(session, session_id)
    if any(each.slug == slug and each.id == row.agency_id for each in AGENCIES.rows(user_id=row.user_id)):
        # It would only be a second session.
        raise Invalid(errors=[Fault("/agency", "already_there", "This is the agency you act in")])
    # Going elsewhere proves nothing anew, and lasts no longer than what it began with.
    return admission.admit(
        current_user_id(),
        agency=slug,
        methods=row.methods,
        proven_at=row.proven_at,
        lifetime=row.expires_at - clock.now(),
        parent_id=row.id,
        still=lambda session: locks.live(session, session_id),
    )
