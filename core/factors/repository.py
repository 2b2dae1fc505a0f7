"""Queries for second factors, as the system role: they belong to a person, not to an agency."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, LargeBinary, Uuid, bindparam, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from core.agencies.models import Agency
from core.auth.models import Credential
from core.auth.sessions.requirements import required_in
from core.db import read
from core.db.base import Model
from core.errors import NotFound
from core.factors.errors import NoFactorYet
from core.factors.models import Passkey, RecoveryCode, Totp
from core.factors.schemas import PasskeyView, TotpView
from core.users.models import Membership, User


class Place(msgspec.Struct, frozen=True):
    """An agency a person is an active member of, and what it takes to get in."""

    agency_id: UUID
    slug: str
    required: bool
    """Whether the agency or a role asks for a second factor."""
    has_totp: bool
    has_passkey: bool
    password_is_long: bool
    """Whether the password would do without a second factor; so does none."""

    @property
    def has_factor(self) -> bool:
        """Whether there is a second factor to show; recovery codes stand in for one and are none."""
        return self.has_totp or self.has_passkey

    @property
    def wants_factor(self) -> bool:
        """Whether nobody gets in without one: a rule asks for it, or the password is too short to stand alone."""
        return self.required or not self.password_is_long

    @property
    def methods(self) -> list[str]:
        """How a second factor can be shown."""
        ways = {"totp": self.has_totp, "passkey": self.has_passkey, "recovery_code": self.has_factor}
        return [way for way, is_open in ways.items() if is_open]


class Held(msgspec.Struct, frozen=True):
    """The second factors of a person."""

    totp: TotpView | None
    passkeys: list[PasskeyView]
    recovery_codes: int
    required: bool
    """Whether one of their agencies asks for a second factor."""


class Person(msgspec.Struct, frozen=True):
    """Whose factors they are, as apps and devices show it."""

    email: str
    name: str


class Key(msgspec.Struct, frozen=True):
    """A passkey as a device must know it."""

    credential_id: bytes
    transports: list[str]


_WHOSE = bindparam("user_id", type_=Uuid())
_HAS_TOTP = select(Totp.id).where(Totp.user_id == _WHOSE).exists()
_HAS_PASSKEY = select(Passkey.id).where(Passkey.user_id == _WHOSE).exists()
_SHORT = select(Credential.user_id).where(Credential.user_id == _WHOSE, ~Credential.password_is_long).exists()

PLACES = read.SystemQuery(
    select(
        Membership.agency_id,
        Agency.slug,
        required_in(Membership.agency_id, Membership.user_id),
        _HAS_TOTP,
        _HAS_PASSKEY,
        ~_SHORT,
    )
    .join(Agency, Agency.id == Membership.agency_id)
    .join(User, User.id == Membership.user_id)
    .where(
        Membership.user_id == _WHOSE,
        Membership.state == "active",
        User.disabled_at.is_(None),
        Agency.suspended_at.is_(None),
    )
    .order_by(Membership.created_at),
    Place,
)
"""The agencies a person is an active member of, the first one first; none that is suspended."""
PERSON = read.SystemQuery(select(User.email, User.name).where(User.id == _WHOSE), Person)
TOTP = read.SystemQuery(select(Totp.id).where(Totp.user_id == _WHOSE), lambda totp_id: totp_id)
PASSKEY = read.SystemQuery(
    select(*read.columns(PasskeyView, Passkey)).where(
        Passkey.user_id == _WHOSE, Passkey.id == bindparam("passkey_id", type_=Uuid())
    ),
    PasskeyView,
)
KEYS = read.SystemQuery(
    select(Passkey.credential_id, Passkey.transports).where(Passkey.user_id == _WHOSE).order_by(Passkey.id), Key
)


def _overview() -> read.Statement:
    """Everything about a person's factors, in one statement."""
    app = select(_json(TotpView, Totp)).where(Totp.user_id == _WHOSE).scalar_subquery()
    keys = select(func.jsonb_agg(_json(PasskeyView, Passkey))).where(Passkey.user_id == _WHOSE).scalar_subquery()
    codes = select(func.count(RecoveryCode.id)).where(RecoveryCode.user_id == _WHOSE).scalar_subquery()
    asked = required_in(Membership.agency_id, Membership.user_id)
    places = select(Membership.id).where(Membership.user_id == _WHOSE, Membership.state == "active", asked)
    return select(app, keys, codes, places.exists())


def _json(view: type[msgspec.Struct], model: type[Model]) -> ColumnElement[Any]:
    pairs = [(literal(name), getattr(model, name)) for name in view.__struct_fields__]
    return func.jsonb_build_object(*(each for pair in pairs for each in pair), type_=JSONB())


def _held(app: Any, keys: Any, codes: int, required: bool) -> Held:  # noqa: FBT001 - a column of a row
    found = msgspec.convert(keys or [], list[PasskeyView])
    oldest_first = sorted(found, key=lambda key: (key.created_at, key.id))
    return Held(msgspec.convert(app, TotpView | None), oldest_first, codes, required)


HELD = read.SystemQuery(_overview(), _held)
"""The second factors of a person, and whether an agency of theirs asks for one."""


def hold(session: Session, user_id: UUID) -> None:
    """Let nobody else add or remove factors of a person until this session ends. Raises NotFound."""
    # No key update: whoever inserts a row that points at the person goes on.
    mine = select(User.id).where(User.id == user_id).with_for_update(key_share=True)
    if session.scalar(mine) is None:
        raise NotFound


def passkey(session: Session, credential_id: bytes) -> Passkey | None:
    """The passkey a device calls by this id, whosever it is."""
    wanted = bindparam("credential_id", credential_id, type_=LargeBinary())
    return session.scalar(select(Passkey).where(Passkey.credential_id == wanted))


def has_totp(session: Session, user_id: UUID) -> bool:
    """Whether a person has an authenticator app."""
    return session.scalar(select(Totp.id).where(Totp.user_id == user_id)) is not None


def passkeys_held(session: Session, user_id: UUID) -> int:
    """How many passkeys a person has."""
    return session.scalar(select(func.count(Passkey.id)).where(Passkey.user_id == user_id)) or 0


def require_factor(session: Session, user_id: UUID) -> None:
    """Raise NoFactorYet for a person without a second factor."""
    if factors_left(session, user_id) == 0:
        raise NoFactorYet


def factors_left(session: Session, user_id: UUID) -> int:
    """How many factors a person has; recovery codes are none."""
    return has_totp(session, user_id) + passkeys_held(session, user_id)


def codes_left(session: Session, user_id: UUID) -> int:
    """How many recovery codes a person has left."""
    return session.scalar(select(func.count(RecoveryCode.id)).where(RecoveryCode.user_id == user_id)) or 0


def password_is_long(session: Session, user_id: UUID) -> bool:
    """Whether a person's password would do without a second factor; where there is none, nothing is too short."""
    found = session.scalar(select(Credential.password_is_long).where(Credential.user_id == user_id))
    return found is None or found


def forget(session: Session, user_id: UUID) -> None:
    """Remove every factor and recovery code of a person."""
    for kind in (Totp, RecoveryCode, Passkey):
        session.execute(delete(kind).where(kind.user_id == user_id))
    tell_agencies(session, user_id)


def tell_agencies(session: Session, user_id: UUID) -> None:
    """Have those who manage members see whether a person, whom this session holds, has a second factor."""
    session.flush()
    held = factors_left(session, user_id) > 0
    session.execute(update(User).where(User.id == user_id, User.second_factor != held).values(second_factor=held))
