"""Who somebody is across agencies: for letters to them, and for what their password must not be made of."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import ARRAY, Text, bindparam, func, select, update
from sqlalchemy.orm import Session

from core import clock
from core.agencies.models import Agency
from core.auth.schemas import Profile
from core.db import read
from core.db.read import SystemQuery
from core.users.models import Membership, User


class Person(msgspec.Struct, frozen=True):
    """A person, whichever agencies they work for."""

    id: UUID
    email: str
    name: str
    language: str
    zone: str
    disabled_at: datetime | None
    email_verified_at: datetime | None
    agencies: list[str]
    """Name and slug of each agency they are in, one below the other."""

    @property
    def is_blank(self) -> bool:
        """Whether nobody has come in by this account yet: no agency ever, and its address not shown to be theirs."""
        return not self.agencies and self.email_verified_at is None

    @property
    def words(self) -> tuple[str, ...]:
        """What others know about them, and try as their password."""
        return (self.name, self.email, *(word for agency in self.agencies for word in agency.splitlines()))


_AGENCIES = (
    select(func.concat_ws("\n", Agency.name, Agency.slug))
    .join(Membership, Membership.agency_id == Agency.id)
    .where(Membership.user_id == User.id)
    .correlate(User)
)
_PERSON = select(
    User.id,
    User.email,
    User.name,
    User.language,
    User.zone,
    User.disabled_at,
    User.email_verified_at,
    func.array(_AGENCIES.scalar_subquery(), type_=ARRAY(Text())),
)
_BY_ID = SystemQuery(_PERSON.where(User.id == bindparam("user_id")), Person)
_BY_EMAIL = SystemQuery(_PERSON.where(User.email == bindparam("email")), Person)


def of(user_id: UUID) -> Person | None:
    """The person with an id."""
    return _BY_ID.first(user_id=user_id)


def with_email(email: str) -> Person | None:
    """The person with an e-mail address."""
    return _BY_EMAIL.first(email=plain(email))


def plain(email: str) -> str:
    """An e-mail address in the form it is stored and compared in."""
    return email.strip().lower()


def note_verified(session: Session, user_id: UUID, *, email: str) -> None:
    """Note that letters to a person's address reach them, in a session of `apart()`; no, where it changed since."""
    noted = update(User).where(User.id == user_id, User.email == email)
    session.execute(noted.values(email_verified_at=clock.now()))


_PROFILE = read.Query(select(*read.columns(Profile, User)).where(User.id == bindparam("user_id")), Profile)


def profile(user_id: UUID) -> Profile | None:
    """A person as members of the acting agency see them."""
    return _PROFILE.first(user_id=user_id)
