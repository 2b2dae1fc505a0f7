"""Accounts across agencies, as the platform's operator sees them: closed and opened, and who else is an operator."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import clock
from core.actor import system
from core.auth import api as auth
from core.auth.api import Person
from core.auth.models import AuthSession
from core.db.read import SystemQuery
from core.db.session import apart
from core.errors import NotFound
from core.events.event import Event
from core.events.log import publish_apart
from core.revocations import api as revocations
from core.users.events import AccountDisabled, AccountEnabled
from core.users.models import Membership, Operator, User

_AGENCIES = SystemQuery(
    select(Membership.agency_id).where(Membership.user_id == bindparam("user_id")), lambda agency_id: agency_id
)
_IS_OPERATOR = SystemQuery(
    select(Operator.user_id).where(Operator.user_id == bindparam("user_id")), lambda user_id: user_id
)


def disable(email: str) -> str:
    """Close an account and end whatever is open with it; the person's name. Raises NotFound."""
    account = _account(email)
    with apart() as session:
        _set_disabled(session, account.id, since=clock.now())
        auth.revoke(session, user_id=account.id, reason="account_disabled")
        _forget_rights(session, account.id)
    _tell_agencies(account.id, AccountDisabled(user_id=account.id))
    return account.name


def enable(email: str) -> str:
    """Open an account again; the person's name. Raises NotFound."""
    account = _account(email)
    with apart() as session:
        _set_disabled(session, account.id, since=None)
        _forget_rights(session, account.id)
    _tell_agencies(account.id, AccountEnabled(user_id=account.id))
    return account.name


def make_operator(email: str) -> str:
    """Let somebody enter agencies; the person's name. Raises NotFound."""
    account = _account(email)
    with apart() as session:
        made = insert(Operator).values(user_id=account.id, granted_at=clock.now())
        session.execute(made.on_conflict_do_nothing())
    return account.name


def unmake_operator(email: str) -> str:
    """Take that back, and end whatever they do in agencies at the moment; the person's name. Raises NotFound."""
    account = _account(email)
    with apart() as session:
        session.execute(delete(Operator).where(Operator.user_id == account.id))
        _end_impersonations(session, account.id, reason="no_operator")
    return account.name


def agencies_of(user_id: UUID) -> list[UUID]:
    """Every agency a person has ever had a place in."""
    return _AGENCIES.rows(user_id=user_id)


def is_operator(user_id: UUID) -> bool:
    """Whether somebody may enter agencies."""
    return _IS_OPERATOR.first(user_id=user_id) is not None


def _account(email: str) -> Person:
    found = auth.with_email(email)
    if found is None:
        raise NotFound(f"Nobody has the e-mail address {email}")
    return found


def _set_disabled(session: Session, user_id: UUID, *, since: datetime | None) -> None:
    values = {"disabled_at": since, "version": User.version + 1}
    session.execute(update(User).where(User.id == user_id).values(values))


def _end_impersonations(session: Session, user_id: UUID, *, reason: str) -> None:
    """End the sessions in which somebody acts as another: those are the other's by name."""
    theirs = select(AuthSession).where(AuthSession.impersonator_id == user_id, AuthSession.revoked_at.is_(None))
    for row in session.scalars(theirs):
        auth.end(session, row, reason=reason)


def _forget_rights(session: Session, user_id: UUID) -> None:
    """What processes remember of the person, keys included, is asked anew."""
    for agency_id in agencies_of(user_id):
        revocations.revoke("member", user_id, agency_id=agency_id, session=session)


def _tell_agencies(user_id: UUID, event: Event) -> None:
    for agency_id in agencies_of(user_id):
        publish_apart(event, actor=system(agency_id), agency_id=agency_id)
