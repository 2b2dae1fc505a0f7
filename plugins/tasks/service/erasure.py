"""What tasks say about people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from uuid import UUID

from core.sdk import privacy, search

from ..models import Task
from ..repository import about, said_of
from .tasks import ENTITY


def held(subject: privacy.Subject) -> list[privacy.Holding]:
    """The tasks about a client, or about what others hold of them."""
    return [privacy.held(each) for each in _of(subject)]


def erase(subject: privacy.Subject) -> list[privacy.Outcome]:
    """Leave of them that there was something to do, by whom and when."""
    found = _of(subject)
    _wipe(found)
    return [privacy.Outcome(table=Task.__tablename__, rows=len(found))] if subject.kind == privacy.CONTACT else []


def words(kind: str) -> privacy.Words:
    """What tasks say about things of a kind."""
    return privacy.Words(said=partial(said_of, kind), forget=partial(_forget, kind))


def _forget(kind: str, things: Sequence[UUID]) -> None:
    _wipe(task for task in about(things) if task.subject == kind)


def _wipe(found: Iterable[Task]) -> None:
    for task in found:
        privacy.wipe(task)
        task.title = privacy.NAMELESS
        search.index(ENTITY, task.id, [])


def _of(subject: privacy.Subject) -> Sequence[Task]:
    return about({subject.id, *subject.rows}) if subject.kind == privacy.CONTACT else []
