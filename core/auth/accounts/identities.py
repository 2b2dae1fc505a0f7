"""Identities: people across agencies, made and found as the system role."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from core.auth.passwords import credentials, rules
from core.auth.people import persons
from core.db.session import apart
from core.users.models import User


def find(email: str) -> UUID | None:
    """The person with an e-mail address, in whatever agency."""
    person = persons.with_email(email)
    return person.id if person is not None else None


def create(*, email: str, name: str, password: str, language: str, zone: str) -> UUID:
    """Make a person who can sign in. Without a membership they can do nothing yet. Raises Invalid."""
    rules.check_rules(password, about=(email, name))
    made = credentials.hashed(password)
    with apart() as session:
        user_id = add(session, email=email, name=name, language=language, zone=zone)
        credentials.store(session, user_id, made)
        return user_id


def create_without_password(*, email: str, name: str, language: str, zone: str) -> UUID:
    """Make a person whom somebody else vouches for; a password they get by mail, if they ask for one."""
    with apart() as session:
        return add(session, email=email, name=name, language=language, zone=zone)


def add(session: Session, *, email: str, name: str, language: str, zone: str) -> UUID:
    """Make a person without a password, in a session of `apart()`."""
    person = User(email=persons.plain(email), name=name, language=language, zone=zone)
    session.add(person)
    session.flush()
    return person.id


def set_password(user_id: UUID, password: str) -> None:
    """Give a person a new password and end all their sessions. Raises Invalid."""
    rules.check_rules(password)
    made = credentials.hashed(password)
    with apart() as session:
        credentials.replace(session, user_id, made, reason="password_reset")
