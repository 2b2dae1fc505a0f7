"""What absences say about members: told to them, and forgotten with them."""

from __future__ import annotations

from sqlalchemy import delete, select

from core.calendars.models import Absence
from core.db.tenancy import current_agency_id
from core.extensions import db
from core.privacy.rows import held_row
from core.privacy.subjects import USER, Holding, Outcome, Subject

_TABLE = Absence.metadata.tables[Absence.__tablename__]


def held(subject: Subject) -> list[Holding]:
    """The times in which a member is away."""
    if subject.kind != USER:
        return []
    theirs = select(_TABLE).where(_TABLE.c.agency_id == current_agency_id(), _TABLE.c.user_id == subject.id)
    found = db.session.connection().execute(theirs.order_by(_TABLE.c.starts_at, _TABLE.c.id)).mappings()
    return [held_row(_TABLE, {**row}) for row in found]


def erased(subject: Subject) -> list[Outcome]:
    """Remove them: of an absence without its member nothing is left."""
    if subject.kind != USER:
        return []
    gone = delete(_TABLE).where(_TABLE.c.agency_id == current_agency_id(), _TABLE.c.user_id == subject.id)
    return [Outcome(table=str(_TABLE.name), rows=db.session.connection().execute(gone).rowcount)]
