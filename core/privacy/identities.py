"""Identities that no agency has any more: the person is taken out of them, the id stays for what points at it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Table, Uuid, bindparam, delete, select
from sqlalchemy.orm import Session

from core import clock
from core.auth.models import AuthSession
from core.auth.repository import revoke
from core.db.base import Model
from core.db.doctor import IDENTITY
from core.db.read import SystemQuery, columns
from core.db.session import apart
from core.privacy.schemas import SignIn
from core.users.models import Membership, User

NAME = "Erased person"
_ME = bindparam("user_id", type_=Uuid())
_GONE = frozenset({"left"})


def _state(_agency_id: UUID, state: str) -> str:
    return state


_PLACES = SystemQuery(select(Membership.agency_id, Membership.state).where(Membership.user_id == _ME), _state)
_SIGN_INS = SystemQuery(
    select(*columns(SignIn, AuthSession)).where(
        AuthSession.user_id == _ME, AuthSession.agency_id == bindparam("agency_id", type_=Uuid())
    ),
    SignIn,
)


def sign_ins(user_id: UUID, agency_id: UUID) -> list[SignIn]:
    """A person's sessions in an agency."""
    return _SIGN_INS.rows(user_id=user_id, agency_id=agency_id)


def forget(user_id: UUID, agency_id: UUID) -> int:
    """Remove a person's sessions in an agency, and anonymise them where no agency has them any more.

    How many rows of theirs were changed or removed; none when it is done again.
    """
    with apart() as session:
        mine = (AuthSession.user_id == user_id, AuthSession.agency_id == agency_id)
        gone = len(session.scalars(delete(AuthSession).where(*mine).returning(AuthSession.id)).all())
    return gone + (anonymise(user_id) if _is_nobodys(user_id) else 0)


def _is_nobodys(user_id: UUID) -> bool:
    return all(state in _GONE for state in _PLACES.rows(user_id=user_id))


def anonymise(user_id: UUID) -> int:
    """Take everything personal out of an identity, and all of its credentials away; how many rows that were."""
    with apart() as session:
        revoke(session, user_id=user_id, reason="erased")
        changed = sum(_emptied(session, table, user_id) for table in _of_people())
        person = session.get(User, user_id)
        if person is not None and person.name != NAME:
            person.email, person.name = f"{user_id}@erased.invalid", NAME
            person.disabled_at = person.disabled_at or clock.now()
            changed += 1
    return changed


def _of_people() -> list[Table]:
    """The tables of credentials and sign-ins: about a person, above the agencies."""
    known = (Model.metadata.tables.get(name) for name in sorted(IDENTITY))
    return [table for table in known if table is not None and "user_id" in table.columns]


def _emptied(session: Session, table: Table, user_id: UUID) -> int:
    gone = delete(table).where(table.c.user_id == user_id).returning(table.c.user_id)
    return len(session.execute(gone).all())
