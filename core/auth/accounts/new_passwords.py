"""New passwords: by a link, where the present one is forgotten, and by the present one."""

from __future__ import annotations

from datetime import timedelta

from core.actor import current_user_id
from core.auth.accounts.schemas import NewPasswordByLink, PasswordChange
from core.auth.errors import dead_link
from core.auth.events import PasswordChanged, PasswordReset
from core.auth.guessing import attempts
from core.auth.guessing.throttle import Rule, Throttle, looked_at
from core.auth.letters import outbox, topics
from core.auth.once import one_time, purposes
from core.auth.passwords import choices, credentials, hashing
from core.auth.passwords.credentials import IDENTITY_BY_ID
from core.auth.people import persons
from core.auth.sessions import devices, opening
from core.auth.ways_in import facts
from core.db.session import apart
from core.errors import Fault, Invalid
from core.events.log import publish

_CHANGES = Throttle("password change", Rule(10, timedelta(minutes=5)))


def ask(email: str) -> None:
    """Have a link sent to somebody who forgot their password, where there is such a person."""
    with apart() as session:
        outbox.write(session, topics.ResetAsked(email=persons.plain(email)))


def reset(body: NewPasswordByLink) -> None:
    """Set a new password by a link; it signs nobody in, and a second factor stays what it was. Raises Invalid."""
    handed = one_time.look(purposes.RESET, body.token)
    if handed is None or handed.user_id is None:
        raise dead_link()
    # A password that will not do leaves the link as it is.
    made = choices.chosen_by(handed.user_id, body.password)
    with apart() as session:
        taken = one_time.take(session, purposes.RESET, body.token)
        if taken is None or taken.user_id is None:
            raise dead_link()
        credentials.replace(session, taken.user_id, made, reason="password_reset")
        persons.note_verified(session, taken.user_id, email=taken.data["email"])
    attempts.forget(taken.data["email"])
    facts.tell(taken.user_id, PasswordReset(user_id=taken.user_id))


def change(body: PasswordChange) -> None:
    """Set a new password and end every other session. Raises Invalid, TooManyAttempts, NotYourself."""
    user_id, session_id = current_user_id(), opening.yourself()
    person = IDENTITY_BY_ID.first(user_id=user_id)
    # Whoever took a session over must not find the password out with it.
    with looked_at((_CHANGES, str(user_id))):
        if person is None or not hashing.matches(person.password_hash, body.current):
            raise Invalid(errors=[Fault("/current", "wrong_password", "This is not your present password")])
    made = choices.chosen_by(user_id, body.new, pointer="/new")
    device = devices.sent()
    device_id = device.id if device is not None else None
    with apart() as session:
        credentials.replace(session, user_id, made, reason="password_changed", but=session_id, device_id=device_id)
    publish(PasswordChanged(user_id=user_id))
