"""Signing in with a password."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from uuid import UUID

from sqlalchemy.orm import Session

from core.auth.errors import TooManyAttempts, WrongCredentials
from core.auth.guessing import attempts
from core.auth.passwords import credentials, hashing
from core.auth.passwords.credentials import IDENTITY, IDENTITY_BY_ID
from core.auth.people import persons
from core.auth.people.persons import Person
from core.auth.schemas import Challenge, Login, Tokens
from core.auth.sessions import devices
from core.auth.ways_in import admission, facts
from core.db.session import apart


def sign_in(login: Login) -> Tokens | Challenge:
    """Open a session, or ask for a second factor. Raises WrongCredentials, TooManyAttempts, NoMembership.

    Whether there is such a person changes neither what is asked of the database nor how often a hash is computed.
    """
    hashing.require_room()
    device, person = devices.sent(), IDENTITY.first(email=persons.plain(login.email))
    theirs = device is not None and person is not None and device.user_id == person.user_id
    with _guess(login.email, device.id if device is not None and theirs else None):
        right = hashing.matches(person.password_hash if person else None, login.password)
        if person is None or not right or person.disabled_at is not None:
            facts.wrong(person.user_id if person else None)
            raise WrongCredentials
    facts.right(person.user_id)
    user_id, stored = person.user_id, person.password_hash
    if hashing.outdated(stored):
        stored = _hashed_anew(user_id, stored, login.password)

    def still(session: Session) -> None:
        # What was right when it was looked at may have been replaced since, and whatever was open ended.
        if not credentials.is_stored(session, user_id, stored):
            raise WrongCredentials

    return admission.admit(user_id, agency=login.agency or None, methods=("pwd",), still=still)


def check(person: Person, password: str) -> None:
    """Nothing, where a password is somebody's. Raises WrongCredentials, TooManyAttempts."""
    with _guess(person.email, None):
        known = IDENTITY_BY_ID.first(user_id=person.id)
        if not hashing.matches(known.password_hash if known else None, password):
            facts.wrong(person.id)
            raise WrongCredentials


@contextmanager
def _guess(email: str, device_id: UUID | None) -> Iterator[None]:
    with ExitStack() as stack:
        try:
            stack.enter_context(attempts.guess(email, device_id=device_id))
        except TooManyAttempts:
            facts.throttled()
            raise
        yield


def _hashed_anew(user_id: UUID, stored: str, password: str) -> str:
    """Keep the same password under a stronger hash, which is answered."""
    made = credentials.hashed(password)
    with apart() as session:
        # Never in place of one that was set meanwhile.
        credentials.rehash(session, user_id, stored, made)
    return made.stored
