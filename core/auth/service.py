"""Signing in with a password, changing it, and who is signed in."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from core.actor import current_actor, current_user_id
from core.auth import admission, attempts, choices, credentials, devices, facts, passwords, people, sessions
from core.auth.errors import NoMembership, TooManyAttempts, WrongCredentials
from core.auth.events import PasswordChanged
from core.auth.repository import AGENCIES, IDENTITY, IDENTITY_BY_ID, PROFILE
from core.auth.schemas import Challenge, Login, Me, PasswordChange, Tokens
from core.auth.throttle import Rule, Throttle, settle
from core.db.session import apart
from core.errors import Fault, Invalid, Unavailable
from core.events.log import publish

_CHANGES = Throttle("password change", Rule(10, timedelta(minutes=5)))


def sign_in(login: Login) -> Tokens | Challenge:
    """Open a session, or ask for a second factor. Raises WrongCredentials, TooManyAttempts, NoMembership.

    Whether there is such a person changes neither what is asked of the database nor how often a hash is computed.
    """
    passwords.require_room()
    device, person = devices.sent(), IDENTITY.first(email=people.plain(login.email))
    theirs = device is not None and person is not None and device.user_id == person.user_id
    guess = _counted(login.email, device.id if device is not None and theirs else None)
    right = _is_right(guess, person.password_hash if person else None, login.password)
    if person is None or not right or person.disabled_at is not None:
        facts.wrong(person.user_id if person else None)
        raise WrongCredentials
    guess.was_right()
    facts.right(person.user_id)
    user_id, stored = person.user_id, person.password_hash
    if passwords.outdated(stored):
        stored = _hashed_anew(user_id, stored, login.password)

    def still(session: Session) -> None:
        # What was right when it was looked at may have been replaced since, and whatever was open ended.
        if not credentials.is_stored(session, user_id, stored):
            raise WrongCredentials

    return admission.admit(user_id, agency=login.agency or None, methods=("pwd",), still=still)


def change_password(change: PasswordChange) -> None:
    """Set a new password and end every other session. Raises Invalid, TooManyAttempts, NotYourself."""
    user_id, session_id = current_user_id(), sessions.yourself()
    person = IDENTITY_BY_ID.first(user_id=user_id)
    # Whoever took a session over must not find the password out with it.
    _CHANGES.attempt(str(user_id))
    try:
        right = person is not None and passwords.matches(person.password_hash, change.current)
    except Unavailable:
        settle(forgive=((_CHANGES, str(user_id)),))
        raise
    if not right:
        raise Invalid(errors=[Fault("/current", "wrong_password", "This is not your present password")])
    _CHANGES.succeeded(str(user_id))
    made = choices.chosen_by(user_id, change.new, pointer="/new")
    device = devices.sent()
    device_id = device.id if device is not None else None
    with apart() as session:
        credentials.replace(session, user_id, made, reason="password_changed", but=session_id, device_id=device_id)
    publish(PasswordChanged(user_id=user_id))


def me() -> Me:
    """The signed-in person and what they may do."""
    actor = current_actor()
    if actor.impersonator_id is not None:
        # Late: impersonation stands on sign-in.
        from core.impersonation import banner

        return banner.me(actor)
    profile = PROFILE.first(user_id=current_user_id())
    agencies = AGENCIES.rows(user_id=current_user_id())
    agency = next((each for each in agencies if each.id == actor.agency_id), None)
    if profile is None or agency is None:
        raise NoMembership
    return Me(profile, agency, dict(actor.grants))


def _counted(email: str, device_id: UUID | None) -> attempts.Guess:
    try:
        return attempts.begin(email, device_id=device_id)
    except TooManyAttempts:
        facts.throttled()
        raise


def _is_right(guess: attempts.Guess, stored: str | None, password: str) -> bool:
    try:
        return passwords.matches(stored, password)
    except Unavailable:
        guess.was_not_looked_at()
        raise


def _hashed_anew(user_id: UUID, stored: str, password: str) -> str:
    """Keep the same password under a stronger hash, which is answered."""
    made = credentials.hashed(password)
    with apart() as session:
        # Never in place of one that was set meanwhile.
        credentials.rehash(session, user_id, stored, made)
    return made.stored
