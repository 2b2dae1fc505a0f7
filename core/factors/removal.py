"""Taking second factors away: by their owner, or by whoever must help somebody who has lost them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, delete
from sqlalchemy.orm import Session

from core.actor import Actor, current_actor, system
from core.auth.people import persons
from core.auth.people.places import belongs_to
from core.auth.sessions import ending
from core.db.session import apart
from core.db.tenancy import current_agency_id
from core.errors import Forbidden, NotFound
from core.events.log import publish_within
from core.factors import repository
from core.factors.errors import FactorRequired, PasswordTooShort, WorksElsewhere
from core.factors.events import FactorRemoved, FactorsReset, Kind
from core.factors.models import Passkey, Totp
from core.factors.repository import HELD
from core.users import rights


def remove_totp(user_id: UUID) -> None:
    """Remove a person's authenticator app. Raises NotFound, FactorRequired, PasswordTooShort."""
    _remove(Totp, user_id, Totp.user_id == user_id, kind="totp")


def remove_passkey(user_id: UUID, passkey_id: UUID) -> None:
    """Remove one of a person's passkeys. Raises NotFound, FactorRequired, PasswordTooShort."""
    _remove(Passkey, user_id, Passkey.id == passkey_id, kind="passkey")


def reset_member(user_id: UUID) -> None:
    """Remove all factors of a member who works here alone, and end their sessions.

    Raises NotFound, WorksElsewhere, Forbidden.
    """
    if user_id == current_actor().user_id:
        raise Forbidden("Remove your own factors one by one, where you can see what you do")
    everywhere = belongs_to(user_id)
    if current_agency_id() not in everywhere:
        raise NotFound
    if len(everywhere) > 1:
        # Factors are the person's: they guard the doors of the other agencies as well.
        raise WorksElsewhere
    # A door that guards more than they may do themselves stays shut.
    rights.refuse_superior(user_id, giver=current_actor())
    _reset(user_id, everywhere=[current_agency_id()], by=current_actor())


def _reset(user_id: UUID, *, everywhere: Sequence[UUID], by: Actor | None) -> None:
    """Remove all factors of a person, and end their sessions: whoever has them may have the factors too."""
    with apart() as session:
        repository.hold(session, user_id)
        repository.forget(session, user_id)
        ending.revoke(session, user_id=user_id, reason="factors_reset")
        for agency_id in everywhere:
            fact = FactorsReset(user_id=user_id)
            publish_within(session, fact, actor=by or system(agency_id), agency_id=agency_id)


def reset_everywhere(email: str) -> None:
    """Remove all factors of a person and end their sessions, on the operator's word. Raises NotFound."""
    person = persons.with_email(email)
    if person is None:
        raise NotFound(f"Nobody has the e-mail address {email}")
    _reset(person.id, everywhere=belongs_to(person.id), by=None)


def _remove(table: type[Totp | Passkey], user_id: UUID, which: ColumnElement[bool], *, kind: Kind) -> None:
    with apart() as session:
        repository.hold(session, user_id)
        gone = delete(table).where(table.user_id == user_id, which).returning(table.id)
        if session.execute(gone).one_or_none() is None:
            raise NotFound
        if repository.factors_left(session, user_id) == 0:
            _give_up_the_last(session, user_id)
        fact = FactorRemoved(user_id=user_id, kind=kind)
        publish_within(session, fact, actor=current_actor(), agency_id=current_agency_id())


def _give_up_the_last(session: Session, user_id: UUID) -> None:
    """Let somebody go without a second factor; raises where they may not, which undoes the removal."""
    # Also by one that is suspended: it may work again any day.
    held = HELD.first(user_id=user_id)
    if held is not None and held.required:
        raise FactorRequired
    if not repository.password_is_long(session, user_id):
        raise PasswordTooShort
    # They stand in for factors, and there are none.
    repository.forget(session, user_id)
