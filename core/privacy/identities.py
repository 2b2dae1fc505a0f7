"""Identities that no agency has any more: the person is taken out of them, the id stays for what points at it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, delete, or_, select, true
from sqlalchemy.orm import Session

from core import clock
from core.auth.api import revoke
from core.auth.models import AuthSession, Credential, Device, OneTimeToken
from core.db.base import Model
from core.db.doctor import IDENTITY
from core.db.personal import user_of
from core.db.session import apart
from core.factors.models import Passkey, RecoveryCode, Totp
from core.privacy import rows
from core.privacy.models import LegalHold
from core.privacy.subjects import USER, Holding, Outcome
from core.telemetry import is_secret_name
from core.users.models import Membership, Operator, User

NAME = "Erased person"
HELD_ELSEWHERE = "Another agency must keep it"
_THEIRS = (AuthSession, Credential, Device, OneTimeToken, Passkey, RecoveryCode, Totp)
"""Credentials and sign-ins. That somebody operates the installation is no agency's to remove."""


def tables() -> list[Table]:
    """The tables above the agencies that say something about people, their names and addresses apart."""
    found = (table for table in Model.metadata.sorted_tables if table.name in IDENTITY)
    return [table for table in found if any(user_of(column) is not None for column in table.columns)]


def here(user_id: UUID, agency_id: UUID) -> list[Holding]:
    """What they say about a person in an agency: sessions, and what was handed out to them."""
    wanted = [table for table in tables() if "agency_id" in table.columns]
    return _said(user_id, {table: table.c.agency_id == agency_id for table in wanted})


def own(user_id: UUID) -> list[Holding]:
    """What they say about a person in no agency: devices, passkeys, links that were sent. For themselves alone."""
    return _said(
        user_id, {each: each.c.agency_id.is_(None) if "agency_id" in each.columns else true() for each in tables()}
    )


def _said(user_id: UUID, wanted: Mapping[Table, ColumnElement[bool]]) -> list[Holding]:
    found: list[Holding] = []
    with apart() as session:
        for table, condition in wanted.items():
            users = {user for column in table.columns if (user := user_of(column)) is not None}
            users |= {"impersonator_id"} & set(table.columns.keys())
            mine = select(table).where(or_(*(table.c[name] == user_id for name in sorted(users))), condition)
            found += [_holding(user_id, table, dict(row)) for row in session.execute(mine).mappings()]
    return found


def _holding(user_id: UUID, table: Table, row: dict[str, Any]) -> Holding:
    for name, value in row.items():
        if isinstance(value, dict):
            # What a link goes with may hold a secret, as the seed of a second factor that is being set up.
            row[name] = {key: each for key, each in value.items() if not is_secret_name(key)}
    return rows.held_row(table, rows.as_seen_by(user_id, row))


def forget(user_id: UUID, agency_id: UUID) -> list[Outcome]:
    """Remove a person's sessions in an agency, and anonymise them where no agency has them any more.

    What became of which rows; none were erased when it is done again.
    """
    with apart() as session:
        return _forgotten(session, user_id, agency_id)


def foresee(user_id: UUID, agency_id: UUID) -> list[Outcome]:
    """What would become of which rows: it is done, and undone."""
    with apart() as session:
        found = _forgotten(session, user_id, agency_id)
        session.rollback()
    return found


def _forgotten(session: Session, user_id: UUID, agency_id: UUID) -> list[Outcome]:
    table = str(User.__tablename__)
    # Whoever takes them in waits, or is seen.
    person = session.get(User, user_id, with_for_update=True)
    mine = (AuthSession.user_id == user_id, AuthSession.agency_id == agency_id)
    count = len(session.scalars(delete(AuthSession).where(*mine).returning(AuthSession.id)).all())
    if person is None or not _is_nobodys(session, user_id):
        return [Outcome(table=table, rows=count)]
    if _is_held(session, user_id):
        return [Outcome(table=table, rows=count), Outcome(table=table, rows=1, kept=HELD_ELSEWHERE)]
    return [Outcome(table=table, rows=count + _anonymise(session, person))]


def _is_nobodys(session: Session, user_id: UUID) -> bool:
    """Whether they have left every place they had. Who never had one, or is an operator, is above the agencies."""
    states = set(session.scalars(select(Membership.state).where(Membership.user_id == user_id)))
    return states == {"left"} and session.get(Operator, user_id) is None


def _is_held(session: Session, user_id: UUID) -> bool:
    """Whether any agency must keep what there is about them."""
    # Somewhere it is still the day before.
    last = clock.now().date() - timedelta(days=1)
    standing = select(LegalHold.id).where(
        LegalHold.subject == USER,
        LegalHold.subject_id == user_id,
        LegalHold.released_at.is_(None),
        or_(LegalHold.until.is_(None), LegalHold.until >= last),
    )
    return session.scalar(standing.limit(1)) is not None


def _anonymise(session: Session, person: User) -> int:
    """Take everything personal out of an identity, and all of its credentials away; how many rows that were."""
    revoke(session, user_id=person.id, reason="erased")
    changed = 0
    for model in _THEIRS:
        gone = delete(model).where(model.user_id == person.id).returning(model.user_id)
        changed += len(session.scalars(gone).all())
    if person.name != NAME:
        person.email, person.name = f"{person.id}@erased.invalid", NAME
        person.disabled_at = person.disabled_at or clock.now()
        person.second_factor = False
        changed += 1
    return changed
