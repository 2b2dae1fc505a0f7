"""A person's e-mail address: shown to be theirs by a link, and changed only for one that is."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import clock, search
from core.actor import current_user_id, system
from core.auth.errors import InvalidToken, dead_link
from core.auth.events import EmailChanged, EmailChangeUndone, EmailVerified
from core.auth.letters import outbox, topics
from core.auth.once import one_time, purposes
from core.auth.people import persons
from core.auth.people.persons import Person
from core.auth.people.places import belongs_to
from core.auth.sessions import ending, locks, opening
from core.auth.ways_in import facts
from core.db.session import apart
from core.db.tenancy import acting_as
from core.errors import Fault, Invalid
from core.extensions import db
from core.users.models import Membership, User


def ask() -> None:
    """Have a link sent to the signed-in person's address."""
    opening.yourself()
    with apart() as session:
        outbox.write(session, topics.VerificationAsked(user_id=current_user_id()))


def ask_change(email: str) -> None:
    """Have a link sent to the address the signed-in person wants; until it is opened, nothing changes.

    It is good as long as this session lives: whatever puts a stranger out takes it back. The present address is told.
    """
    session_id, user_id = opening.yourself(), current_user_id()
    asked = topics.EmailChangeAsked(user_id=user_id, email=persons.plain(email), session_id=session_id)
    with apart() as session:
        # Whoever was put out at this moment asks for nothing any more, and gets no link that undoes the undoing.
        locks.live(session, session_id)
        old = _address_of(session, user_id)
        # Not the only one: whoever asks again must not take from its owner what an earlier letter gave them.
        undo_id = one_time.reserve(
            session, purposes.EMAIL_UNDO, lifetime=purposes.EMAIL_UNDO_LASTS, user_id=user_id, data={"email": old}
        )
        outbox.write(session, asked)
        outbox.write(session, topics.EmailChangeBegun(user_id=user_id, old=old, undo_id=undo_id))


def verify(token: str) -> None:
    """Believe whoever opens a link that its address is theirs. Raises Invalid."""
    handed = one_time.look(purposes.EMAIL, token)
    person = persons.of(handed.user_id) if handed is not None and handed.user_id is not None else None
    if handed is None or person is None or person.disabled_at is not None:
        raise dead_link()
    email: str = handed.data["email"]
    try:
        _take(token, person, email)
    except InvalidToken:
        raise dead_link() from None
    if email == person.email:
        facts.tell(person.id, EmailVerified(user_id=person.id))
    else:
        _index(person, email)
        facts.tell(person.id, EmailChanged(user_id=person.id))


def undo(token: str) -> None:
    """Give an account the address back that somebody else wanted changed, or leave it there, and put everybody out.

    Whoever has the mailbox is sent a link to choose another password. Raises Invalid.
    """
    handed = one_time.look(purposes.EMAIL_UNDO, token)
    person = persons.of(handed.user_id) if handed is not None and handed.user_id is not None else None
    if handed is None or person is None or person.disabled_at is not None:
        raise dead_link()
    email: str = handed.data["email"]
    if not _put_back(token, person.id, email):
        raise _taken()
    if email != person.email:
        _index(person, email)
    facts.tell(person.id, EmailChangeUndone(user_id=person.id))


def _put_back(token: str, user_id: UUID, email: str) -> bool:
    """Whether the account has the address again: not where another one took it; everybody is put out all the same.

    Raises Invalid.
    """
    with apart() as session:
        locks.hold(session, user_id)
        lost = _address_of(session, user_id)
        # What the other address was sent is good for nothing, and what is still to be sent to it asks for a session.
        for purpose in (purposes.EMAIL, purposes.RESET):
            one_time.withdraw(session, purpose, user_id=user_id)
        ending.revoke(session, user_id=user_id, reason="email_change_undone")
        is_back = _moved_back(session, token, user_id, email)
        if is_back:
            persons.note_verified(session, user_id, email=email)
            # They knew the password: asking for another address takes it.
            outbox.write(session, topics.ResetAsked(email=email))
        if is_back and lost != email:
            outbox.write(session, topics.EmailTakenBack(user_id=user_id, old=lost))
    return is_back


def _moved_back(session: Session, token: str, user_id: UUID, email: str) -> bool:
    """Use the link up and have the account at its address; changes nothing where another account has that."""
    values = {"email": email, "updated_at": clock.now(), "version": User.version + 1}
    try:
        with session.begin_nested():
            taken = one_time.take(session, purposes.EMAIL_UNDO, token)
            if taken is None:
                raise dead_link()
            # Addresses the account had since may be a stranger's: the oldest one that speaks up has the last word.
            one_time.withdraw_later(session, purposes.EMAIL_UNDO, taken)
            session.execute(update(User).where(User.id == user_id, User.email != email).values(values))
    except IntegrityError:
        return False
    return True


def _address_of(session: Session, user_id: UUID) -> str:
    return session.scalars(select(User.email).where(User.id == user_id)).one()


def _take(token: str, person: Person, email: str) -> None:
    """Use the link up. Raises Invalid, and InvalidToken where the session it was asked from has ended."""
    try:
        with apart() as session:
            locks.hold(session, person.id)
            taken = one_time.take(session, purposes.EMAIL, token)
            if taken is None:
                raise dead_link()
            if email != person.email:
                _require_asker(session, taken)
            if email != person.email:
                values = {"email": email, "updated_at": clock.now(), "version": User.version + 1}
                session.execute(update(User).where(User.id == person.id).values(values))
                # What was sent to the old address is good for nothing any more.
                one_time.withdraw(session, purposes.RESET, user_id=person.id)
                outbox.write(session, topics.EmailChanged(user_id=person.id, old=person.email))
            persons.note_verified(session, person.id, email=email)
    except IntegrityError:
        # Somebody made an account with it while the link lay in the mailbox.
        raise _taken() from None


def _taken() -> Invalid:
    return Invalid(errors=[Fault("/token", "address_taken", "This address belongs to another account")])


def _require_asker(session: Session, taken: one_time.Handed) -> None:
    """Raise InvalidToken where the session has ended from which another address was asked for."""
    session_id = taken.data.get("session_id")
    if session_id is None:
        raise InvalidToken
    locks.live(session, UUID(session_id))


def _index(person: Person, email: str) -> None:
    """Have colleagues find the person by the new address."""
    for agency_id in belongs_to(person.id):
        with acting_as(system(agency_id)):
            member_id: UUID | None = db.session.scalar(select(Membership.id).where(Membership.user_id == person.id))
            if member_id is not None:
                search.index("users.user", member_id, (person.name, email))
