"""What events tell about a person in words, where the event is about them or about a row that is known to be theirs."""

# Words about them in an event about something else are sealed with the same key and go with it, but are not handed out:
# whose words they are stands in each event alone, and reading the whole log for every export is no answer to one.

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ARRAY, Text, Uuid, any_, cast, literal, select

from core.db.tenancy import current_agency_id
from core.events import words
from core.events.models import EventEntry
from core.extensions import db
from core.privacy.subjects import Holding, Subject
from core.vault.keys import Person

_EVENT = EventEntry.metadata.tables[EventEntry.__tablename__]


def holdings(subject: Subject) -> Iterator[Holding]:
    """The words about a person in events about them, or about rows that are known to be theirs."""
    person = Person(subject.kind, subject.id)
    known = words.of_person(person)
    found = select(_EVENT.c.id, _EVENT.c.name, _EVENT.c.payload).where(
        _EVENT.c.agency_id == current_agency_id(),
        _EVENT.c.subject_id == any_(literal(list(subject.rows), ARRAY(Uuid()))),
        cast(_EVENT.c.payload, Text()).contains(words.MARK),
    )
    for row in db.session.connection().execute(found):
        told = words.about(person, row.payload, name=row.name, event_id=row.id, known=known)
        if told:
            yield Holding(table=str(_EVENT.name), row_id=row.id, values={"name": row.name, **told})
