"""Passwords as they are stored, and what no longer counts when one is replaced."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from core import clock
from core.auth.letters import outbox, topics
from core.auth.models import Credential
from core.auth.once import one_time, purposes
from core.auth.passwords import hashing, rules
from core.auth.sessions import devices, ending, locks
from core.db import read
from core.users.models import User


class Hashed(msgspec.Struct, frozen=True):
    """A password that may be stored."""

    stored: str
    is_long: bool
    """Whether it would do without a second factor."""


def hashed(password: str) -> Hashed:
    """The hash of a password; nobody has checked it here."""
    return Hashed(hashing.hash_password(password), rules.is_long(password))


def store(session: Session, user_id: UUID, made: Hashed) -> None:
    """Make it the person's password, in a session of `apart()`."""
    row = Credential(user_id=user_id, password_hash=made.stored, password_is_long=made.is_long, changed_at=clock.now())
    session.merge(row)


def is_stored(session: Session, user_id: UUID, stored: str) -> bool:
    """Whether this is the hash of the person's password at this moment."""
    return session.scalar(select(Credential.password_hash).where(Credential.user_id == user_id)) == stored


def rehash(session: Session, user_id: UUID, stored: str, made: Hashed) -> None:
    """Put another hash of the same password in the place of one that is stored still."""
    same = update(Credential).where(Credential.user_id == user_id, Credential.password_hash == stored)
    session.execute(same.values(password_hash=made.stored, password_is_long=made.is_long))


def replace(
    session: Session,
    user_id: UUID,
    made: Hashed,
    *,
    reason: str,
    but: UUID | None = None,
    device_id: UUID | None = None,
) -> None:
    """Give a person another password: sessions (but one), links and half-finished sign-ins end, and they are told.

    All devices but one become strangers.
    """
    # The person first, as whoever opens a session does.
    locks.hold(session, user_id)
    store(session, user_id, made)
    ending.revoke(session, user_id=user_id, reason=reason, but=but)
    # Half sign-ins went with the sessions, and links to another address with the sessions that asked for them.
    one_time.withdraw(session, purposes.RESET, user_id=user_id)
    # Whoever was in once by a device that is no longer theirs is a stranger like others.
    devices.forget(session, user_id, but=device_id)
    outbox.write(session, topics.PasswordSet(user_id=user_id))


class Identity(msgspec.Struct, frozen=True):
    """A person as the sign-in needs to know them."""

    user_id: UUID
    password_hash: str
    disabled_at: datetime | None


_PERSON = select(User.id, Credential.password_hash, User.disabled_at).join(Credential, Credential.user_id == User.id)
IDENTITY = read.SystemQuery(_PERSON.where(User.email == bindparam("email")), Identity)
"""The person with an e-mail address, in whatever agency."""
IDENTITY_BY_ID = read.SystemQuery(_PERSON.where(User.id == bindparam("user_id")), Identity)
