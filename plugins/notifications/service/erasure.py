"""What notifications say about people: to whom they are, and whom they name."""

from __future__ import annotations

from core.sdk import privacy

from ..models import Notification
from ..repository.personal import count_of, forget_names, forget_person, of_person


def held(subject: privacy.Subject) -> list[privacy.Holding]:
    """What a colleague was told, and where they have it pushed to."""
    return [privacy.held(each) for each in of_person(subject.id)] if subject.kind == privacy.USER else []


def erase(subject: privacy.Subject) -> list[privacy.Outcome]:
    """Remove what is a colleague's own; of anybody else, take the names out of what others were told."""
    if subject.kind == privacy.USER:
        counts = count_of(subject.id)
        forget_person(subject.id)
        return [privacy.Outcome(table=table, rows=rows) for table, rows in counts.items()]
    return [privacy.Outcome(table=Notification.__tablename__, rows=forget_names(subject.names))]
