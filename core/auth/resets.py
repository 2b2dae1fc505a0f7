"""A forgotten password: a link by mail, a new password, and nothing that was open stays open."""

from __future__ import annotations

from core.auth import attempts, choices, credentials, facts, letters, one_time, people
from core.auth.errors import dead_link
from core.auth.events import PasswordReset
from core.auth.password_schemas import NewPasswordByLink
from core.db.session import apart


def ask(email: str) -> None:
    """Have a link sent to somebody who forgot their password, where there is such a person."""
    with apart() as session:
        letters.write(session, letters.ResetAsked(email=people.plain(email)))


def reset(body: NewPasswordByLink) -> None:
    """Set a new password by a link; it signs nobody in, and a second factor stays what it was. Raises Invalid."""
    handed = one_time.look(credentials.RESET, body.token)
    if handed is None or handed.user_id is None:
        raise dead_link()
    # A password that will not do leaves the link as it is.
    made = choices.chosen_by(handed.user_id, body.password)
    with apart() as session:
        taken = one_time.take(session, credentials.RESET, body.token)
        if taken is None or taken.user_id is None:
            raise dead_link()
        credentials.replace(session, taken.user_id, made, reason="password_reset")
        people.note_verified(session, taken.user_id, email=taken.data["email"])
    attempts.forget(taken.data["email"])
    facts.tell(taken.user_id, PasswordReset(user_id=taken.user_id))
