"""Letters about sign-in that are to be sent: what each is about is noted sealed, and a job of no agency sends it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from core import clock, ids
from core.auth.letters import writing
from core.auth.letters.topics import Details, RegistrationAsked
from core.auth.models import Letter
from core.db.read import SystemQuery
from core.db.session import apart
from core.jobs.job import job
from core.mail.api import send
from core.sealing import opened, sealed
from core.streams import PLATFORM

KEEP = timedelta(days=2)
"""Longer than sending one is tried, and than the link of a registration lives, which is made from its letter."""
_COLUMN = "core_letter.details"
_BY_ID = SystemQuery(select(Letter.details).where(Letter.id == bindparam("letter_id")), lambda details: details)


def write(session: Session, details: Details) -> UUID:
    """Have a letter sent once a unit of work of `apart()` has committed."""
    letter_id = ids.new()
    text = sealed(msgspec.json.encode(details).decode(), column=_COLUMN, row_id=letter_id, agency_id=PLATFORM)
    session.add(Letter(id=letter_id, kind=str(details.__struct_config__.tag), details=text))
    # Whoever it is for and whether there is anybody: the same row and the same job.
    send_letter.enqueue_apart(session, letter_id=letter_id)
    return letter_id


def read(letter_id: UUID) -> Details | None:
    """What a letter is about; None once it was sent."""
    text: str | None = _BY_ID.first(letter_id=letter_id)
    if text is None:
        return None
    plain = opened(text, column=_COLUMN, row_id=letter_id, agency_id=PLATFORM)
    found: Details = msgspec.json.decode(plain, type=Details)
    return found


def drop(session: Session, letter_id: UUID) -> None:
    """Forget what a letter was about."""
    session.execute(delete(Letter).where(Letter.id == letter_id))


def drop_old(session: Session) -> None:
    """Forget letters that nobody can be sent, and registrations whose links are dead."""
    session.execute(delete(Letter).where(Letter.created_at < clock.now() - KEEP))


@job(queue="mail", platform=True)
def send_letter(letter_id: UUID) -> None:
    """Send a letter about sign-in, with a link that is made here and kept nowhere."""
    details = read(letter_id)
    if details is None:
        return
    message = writing.message(letter_id, details)
    if message is not None:
        send(message)
    # Whoever registers exists nowhere else until their link is opened.
    if not isinstance(details, RegistrationAsked):
        with apart() as session:
            drop(session, letter_id)
