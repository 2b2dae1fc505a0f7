"""Whom a letter about sign-in goes to and which one it is: here, not in the request, it is asked whether they exist."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from flask import current_app
from sqlalchemy.orm import Session

from core.auth.errors import TooManyAttempts
from core.auth.guessing.throttle import Keyed, Rule, Throttle, attempt
from core.auth.letters import topics, wording
from core.auth.once import one_time, purposes
from core.auth.people import persons
from core.auth.people.persons import Person
from core.config import Settings
from core.crypto import keyed_digest
from core.db.session import apart
from core.jobs.run import current_run
from core.mail.api import Message, link

log = structlog.get_logger()
_RULES = Rule(5, timedelta(hours=1), grows=False), Rule(20, timedelta(days=1), grows=False)
# Each kind counts for itself: strangers who have letters of one kind sent keep none of the others from anybody.
_RESETS = Throttle("letters: reset", *_RULES)
_REGISTRATIONS = Throttle("letters: registration", *_RULES)
_VERIFICATIONS = Throttle("letters: verification", *_RULES)
_CHANGES = Throttle("letters: address", *_RULES)
_ASKERS = Throttle("letters: address, by person", *_RULES)
_NOTICES = Throttle("letters: address asked for", *_RULES)


def message(letter_id: UUID, details: topics.Details) -> Message | None:
    """The letter to send; None where nobody is to get one."""
    return _WRITERS[type(details)](letter_id, details)


def _reset(_letter_id: UUID, asked: topics.ResetAsked) -> Message | None:
    person = _active(persons.with_email(asked.email))
    if person is None or not _may_get_one((_RESETS, person.email)):
        return None
    with apart() as session:
        token = _only(session, purposes.RESET, person.id, purposes.RESET_LASTS, {"email": person.email})
    return wording.reset(person, link("new-password", token))


def _registration(letter_id: UUID, asked: topics.RegistrationAsked) -> Message | None:
    if not _may_get_one((_REGISTRATIONS, asked.email)):
        return None
    person = persons.with_email(asked.email)
    if person is not None and not person.is_blank:
        return wording.registered_already(person)
    with apart() as session:
        about = _of_address(asked.email)
        one_time.withdraw_about(session, purposes.REGISTRATION, about)
        data = {"letter_id": str(letter_id), "about": about}
        token = one_time.hand_out(session, purposes.REGISTRATION, lifetime=purposes.REGISTRATION_LASTS, data=data)
    return wording.registration(asked, link("registration", token))


def _verification(_letter_id: UUID, asked: topics.VerificationAsked) -> Message | None:
    person = _active(persons.of(asked.user_id))
    if person is None or not _may_get_one((_VERIFICATIONS, person.email)):
        return None
    with apart() as session:
        token = _only(session, purposes.EMAIL, person.id, purposes.EMAIL_LASTS, {"email": person.email})
    return wording.verification(person, link("email", token))


def _email_change(_letter_id: UUID, asked: topics.EmailChangeAsked) -> Message | None:
    person = _active(persons.of(asked.user_id))
    if person is None or not _may_get_one((_CHANGES, asked.email), (_ASKERS, str(person.id))):
        return None
    other = persons.with_email(asked.email)
    if other is not None and other.id != person.id:
        return wording.address_in_use(other)
    with apart() as session:
        data = {"email": asked.email, "session_id": str(asked.session_id)}
        token = _only(session, purposes.EMAIL, person.id, purposes.EMAIL_LASTS, data)
    return wording.email_change(person, asked.email, link("email", token))


def _email_change_begun(_letter_id: UUID, told: topics.EmailChangeBegun) -> Message | None:
    person = persons.of(told.user_id)
    if person is None or not _may_get_one((_NOTICES, told.old)):
        return None
    with apart() as session:
        # None where an older address took the account back while the letter was on its way.
        token = one_time.renew(session, told.undo_id, lifetime=purposes.EMAIL_UNDO_LASTS)
    return None if token is None else wording.email_change_begun(person, told.old, link("email-undo", token))


def _email_changed(_letter_id: UUID, told: topics.EmailChanged) -> Message | None:
    person = persons.of(told.user_id)
    return None if person is None else wording.email_changed(person, told.old)


def _email_taken_back(_letter_id: UUID, told: topics.EmailTakenBack) -> Message | None:
    person = persons.of(told.user_id)
    return None if person is None else wording.email_taken_back(person, told.old)


def _password_set(_letter_id: UUID, told: topics.PasswordSet) -> Message | None:
    person = persons.of(told.user_id)
    return None if person is None else wording.password_set(person)


def _new_device(_letter_id: UUID, told: topics.NewDevice) -> Message | None:
    person = persons.of(told.user_id)
    return None if person is None else wording.new_device(person, told)


_WRITERS: Mapping[type[Any], Callable[[UUID, Any], Message | None]] = {
    topics.ResetAsked: _reset,
    topics.RegistrationAsked: _registration,
    topics.VerificationAsked: _verification,
    topics.EmailChangeAsked: _email_change,
    topics.EmailChangeBegun: _email_change_begun,
    topics.EmailChanged: _email_changed,
    topics.EmailTakenBack: _email_taken_back,
    topics.PasswordSet: _password_set,
    topics.NewDevice: _new_device,
}


def _of_address(email: str) -> str:
    """What stands for an address of somebody who has no account, and tells it to nobody who reads the table."""
    settings: Settings = current_app.extensions["tripfile.settings"]
    return keyed_digest(settings.key_for("registration links"), email.encode("utf-8", "surrogatepass")).hex()


def _active(person: Person | None) -> Person | None:
    return person if person is not None and person.disabled_at is None else None


def _may_get_one(*counted: Keyed) -> bool:
    """Whether there have not been too many letters yet; what was tried before and did not leave counts once."""
    if current_run().attempt > 1:
        return True
    try:
        attempt(*counted)
    except TooManyAttempts:
        log.warning("letters.too_many")
        return False
    return True


def _only(session: Session, purpose: str, user_id: UUID, lifetime: timedelta, data: dict[str, Any]) -> str:
    """A token for a purpose, of which a person has no other."""
    one_time.withdraw(session, purpose, user_id=user_id)
    return one_time.hand_out(session, purpose, lifetime=lifetime, user_id=user_id, data=data)
