"""Identities that no agency has any more: the person is taken out of them, the id stays for what points at it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import Uuid, bindparam, delete, or_, select
from sqlalchemy.orm import Session

from core import clock
from core.auth.once.models import OneTimeToken
from core.auth.passwords.models import Credential
from core.auth.sessions.ending import revoke
from core.auth.sessions.models import AuthSession, Device
from core.db.read import SystemQuery, columns
from core.db.session import apart
from core.factors.models import Passkey, RecoveryCode, Totp
from core.privacy.models import LegalHold
from core.privacy.schemas import SignIn
from core.privacy.subjects import USER, Outcome
from core.users.models import Membership, Operator, User

NAME = "Erased person"
HELD_ELSEWHERE = "Another agency must keep it"
_ME = bindparam("user_id", type_=Uuid())
_THEIRS = (AuthSession, Credential, Device, OneTimeToken, Passkey, RecoveryCode, Totp)
"""Credentials and sign-ins. That somebody operates the installation is no agency's to remove."""
_SIGN_INS = SystemQuery(
    select(*columns(SignIn, AuthSession)).where(
        AuthSession.user_id == _ME, AuthSession.agency_id == bindparam("agency_id", type_=Uuid())
    ),
    SignIn,
)


def sign_ins(user_id: UUID, agency_id: UUID) -> list[SignIn]:
    """A person's sessions in an agency."""
    return _SIGN_INS.rows(user_id=user_id, agency_id=agency_id)


def forget(user_id: UUID, agency_id: UUID) -> list[Outcome]:
    """Remove a person's sessions in an agency, and anonymise them where no agency has them any more.

    What became of which rows; none were erased when it is done again.
    """
    table = str(User.__tablename__)
    with apart() as session:
        # Whoever takes them in waits, or is seen.
        person = session.get(User, user_id, with_for_update=True)
        mine = (AuthSession.user_id == user_id, AuthSession.agency_id == agency_id)
        rows = len(session.scalars(delete(AuthSession).where(*mine).returning(AuthSession.id)).all())
        if person is None or not _is_nobodys(session, user_id):
            return [Outcome(table=table, rows=rows)]
        if _is_held(session, user_id):
            return [Outcome(table=table, rows=rows), Outcome(table=table, rows=1, kept=HELD_ELSEWHERE)]
        return [Outcome(table=table, rows=rows + _anonymise(session, person))]


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
        changed += 1
    return changed
