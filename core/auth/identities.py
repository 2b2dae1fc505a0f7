"""Identities: people across agencies, made and found as the system role."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import bindparam, select

from core import clock
from core.auth import passwords, repository
from core.auth.models import Credential
from core.db.read import SystemQuery
from core.db.session import apart
from core.users.models import User

_BY_EMAIL = SystemQuery(select(User.id).where(User.email == bindparam("email")), lambda user_id: user_id)


def find(email: str) -> UUID | None:
    """The person with an e-mail address, in whatever agency."""
    found: UUID | None = _BY_EMAIL.first(email=email.strip().lower())
    return found


def create(*, email: str, name: str, password: str, language: str, zone: str) -> UUID:
    """Make a person who can sign in. Without a membership they can do nothing yet. Raises Invalid."""
    passwords.check_rules(password)
    stored = passwords.hash_password(password)
    with apart() as session:
        person = User(email=email.strip().lower(), name=name, language=language, zone=zone)
        session.add(person)
        session.flush()
        session.add(Credential(user_id=person.id, password_hash=stored))
        return person.id


def set_password(user_id: UUID, password: str) -> None:
    """Give a person a new password and end all their sessions. Raises Invalid."""
    passwords.check_rules(password)
    stored = passwords.hash_password(password)
    with apart() as session:
        session.merge(Credential(user_id=user_id, password_hash=stored, changed_at=clock.now()))
        repository.revoke(session, user_id=user_id, reason="password_reset")
