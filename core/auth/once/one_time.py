"""Secrets that are handed out and good once: drawn at random, kept as a digest, gone when they are used."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import DateTime, Text, bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from core import clock, ids
from core.auth.models import OneTimeToken
from core.crypto import digest
from core.db.read import SystemQuery


class Handed(msgspec.Struct, frozen=True):
    """What was noted when a token was handed out."""

    id: UUID
    user_id: UUID | None
    agency_id: UUID | None
    data: dict[str, Any]


_COLUMNS = (OneTimeToken.id, OneTimeToken.user_id, OneTimeToken.agency_id, OneTimeToken.data)
_LIVE = SystemQuery(
    select(*_COLUMNS).where(
        OneTimeToken.digest == bindparam("digest", type_=Text()),
        OneTimeToken.expires_at > bindparam("now", type_=DateTime(timezone=True)),
    ),
    Handed,
)


def hand_out(
    session: Session,
    purpose: str,
    *,
    lifetime: timedelta,
    user_id: UUID | None = None,
    agency_id: UUID | None = None,
    data: dict[str, Any] | None = None,
) -> str:
    """A new token of 256 random bits for one purpose, in a session of `apart()`; only its digest is kept."""
    token = secrets.token_urlsafe(32)
    whose = {"user_id": user_id, "agency_id": agency_id, "data": data or {}}
    digest_of = _digest(purpose, token)
    session.add(OneTimeToken(purpose=purpose, digest=digest_of, expires_at=clock.now() + lifetime, **whose))
    return token


def reserve(session: Session, purpose: str, *, lifetime: timedelta, user_id: UUID, data: dict[str, Any]) -> UUID:
    """Note what a token is to stand for that nobody has yet: `renew` makes the one to hand out.

    So it counts from now on, and can be withdrawn, however long a letter with it is on its way.
    """
    nobodys = _digest(purpose, secrets.token_urlsafe(32))
    row = OneTimeToken(id=ids.new(), purpose=purpose, digest=nobodys, user_id=user_id, data=data)
    row.expires_at = clock.now() + lifetime
    session.add(row)
    return row.id


def look(purpose: str, token: str) -> Handed | None:
    """What a token stands for, without using it up; None for one that is unknown, used, expired or for another end."""
    return _LIVE.first(digest=_digest(purpose, token), now=clock.now())


def take(session: Session, purpose: str, token: str) -> Handed | None:
    """Use a token up, in a session of `apart()`: whatever else it does there happens with it or not at all."""
    used = delete(OneTimeToken).where(OneTimeToken.digest == _digest(purpose, token))
    row = session.execute(used.returning(*_COLUMNS, OneTimeToken.expires_at)).one_or_none()
    return Handed(*row[:4]) if row is not None and row.expires_at > clock.now() else None


def attempt(session: Session, purpose: str, token: str, *, tries: int) -> Handed | None:
    """What a token stands for that is good for several tries, one of which this was; it stays until it is taken.

    None once there were so many, and for every token `look` does not know.
    """
    made = func.coalesce(OneTimeToken.data["tries"].as_integer(), 0)
    counted = (
        update(OneTimeToken)
        .where(OneTimeToken.digest == _digest(purpose, token), OneTimeToken.expires_at > clock.now(), made < tries)
        .values(data=OneTimeToken.data.op("||")(func.jsonb_build_object("tries", made + 1)))
    )
    row = session.execute(counted.returning(*_COLUMNS)).one_or_none()
    return Handed(*row) if row is not None else None


def renew(session: Session, token_id: UUID, *, lifetime: timedelta) -> str | None:
    """Another secret for what was handed out, which is good from now on and alone; None where that is gone."""
    token = secrets.token_urlsafe(32)
    purpose = session.scalar(select(OneTimeToken.purpose).where(OneTimeToken.id == token_id).with_for_update())
    if purpose is None:
        return None
    values = {"digest": _digest(purpose, token), "expires_at": clock.now() + lifetime}
    session.execute(update(OneTimeToken).where(OneTimeToken.id == token_id).values(values))
    return token


def withdraw(session: Session, purpose: str, *, user_id: UUID, agency_id: UUID | None = None) -> None:
    """Make a person's tokens for a purpose useless; only those for one agency where it is named."""
    theirs = delete(OneTimeToken).where(OneTimeToken.user_id == user_id, OneTimeToken.purpose == purpose)
    session.execute(theirs if agency_id is None else theirs.where(OneTimeToken.agency_id == agency_id))


def withdraw_later(session: Session, purpose: str, handed: Handed) -> None:
    """Make useless what a person was handed out for a purpose after something of theirs, unless it notes the same."""
    # Identifiers are in the order of time.
    later = OneTimeToken.user_id == handed.user_id, OneTimeToken.purpose == purpose, OneTimeToken.id > handed.id
    session.execute(delete(OneTimeToken).where(*later, OneTimeToken.data != handed.data))


def withdraw_about(session: Session, purpose: str, about: str) -> None:
    """Make useless what was handed out for a purpose to whom `data` names as `about`, and who is nobody yet."""
    nobodys = OneTimeToken.user_id.is_(None), OneTimeToken.purpose == purpose
    session.execute(delete(OneTimeToken).where(*nobodys, OneTimeToken.data["about"].as_string() == about))


def withdraw_in(session: Session, purpose: str, *, agency_id: UUID) -> None:
    """Make everybody's tokens for a purpose in an agency useless."""
    theirs = OneTimeToken.agency_id == agency_id
    session.execute(delete(OneTimeToken).where(theirs, OneTimeToken.purpose == purpose))


def withdraw_all(session: Session, purpose: str) -> None:
    """Make every token for a purpose useless, whoever has it."""
    session.execute(delete(OneTimeToken).where(OneTimeToken.purpose == purpose))


def _digest(purpose: str, token: str) -> str:
    # The purpose is part of what is digested: a token for one end is unknown for every other.
    return digest(f"{purpose}:{token}".encode("utf-8", "surrogatepass")).hex()
