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
    person = persons.of(user_id)
    if person is None:
        raise InvalidToken
    old = person.email
    asked = topics.EmailChangeAsked(user_id=user_id, email=persons.plain(email), session_id=session_id)
    with apart() as session:
        outbox.write(session, asked)
        outbox.write(session, topics.EmailChangeBegun(user_id=user_id, old=old))


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
    try:
        _put_back(token, person, email)
    except IntegrityError:
        raise _taken() from None
    if email != person.email:
        _index(person, email)
    facts.tell(person.id, EmailChangeUndone(user_id=person.id))


def _put_back(token: str, person: Person, email: str) -> None:
    with apart() as session:
        locks.hold(session, person.id)
        if one_time.take(session, purposes.EMAIL_UNDO, token) is None:
            raise dead_link()
        # What the other address was sent is good for nothing, and what is still to be sent to it asks for a session.
        for purpose in (purposes.EMAIL, purposes.RESET):
            one_time.withdraw(session, purpose, user_id=person.id)
        ending.revoke(session, user_id=person.id, reason="email_change_undone")
        if email != person.email:
            values = {"email": email, "updated_at": clock.now(), "version": User.version + 1}
            session.execute(update(User).where(User.id == person.id).values(values))
        persons.note_verified(session, person.id, email=email)
        # They knew the password: asking for another address takes it.
        outbox.write(session, topics.ResetAsked(email=email))


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
