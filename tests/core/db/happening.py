"""Things that happen in an agency, and what its log and ledger hold of them."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from sqlalchemy import select

from core import ids, streams
from core.db.session import unit_of_work
from core.events import following
from core.events.event import Event
from core.events.log import SCOPE, publish
from core.extensions import db
from core.jobs.job import job
from core.jobs.models import JobEntry
from core.testing.factories import AgencyUnderTest
from tests.core.db.inside import Inside


class Happened(Event):
    """Something happened."""

    subject: ClassVar[str] = "thing_id"
    thing_id: UUID
    word: str = ""


@job()
def remember(word: str) -> None:
    """Do nothing with a word."""


def happen(word: str = "") -> None:
    publish(Happened(thing_id=ids.new(), word=word))


class Log:
    """What an agency's log and ledger hold."""

    def __init__(self, inside: Inside, agency: AgencyUnderTest) -> None:
        self._inside, self._agency = inside, agency

    @property
    def words(self) -> list[str]:
        with self._inside(self._agency.id):
            entries = following.after(0, limit=100_000)
            assert streams.head(SCOPE) == len(entries)
            return [entry.payload["word"] for entry in entries if entry.name == Happened.name]

    @property
    def jobs(self) -> list[str]:
        with self._inside(self._agency.id), unit_of_work():
            found = db.session.scalars(select(JobEntry).where(JobEntry.name == remember.name).order_by(JobEntry.id))
            return [each.payload["word"] for each in found]


def undo(*words: str) -> None:
    """Let things happen in a savepoint that is taken back. Raises ValueError."""
    with db.session.begin_nested():
        for word in words:
            happen(word)
            remember.enqueue(word)
        raise ValueError("wrong")


def let_fail(*words: str) -> None:
    """Let things happen in a unit of work that fails. Raises ValueError."""
    with unit_of_work():
        for word in words:
            happen(word)
            remember.enqueue(word)
        raise ValueError("wrong")
