"""What people are told about imports."""

from __future__ import annotations

from uuid import UUID

from core.imports import things
from core.imports.events import ImportRun
from core.notices import Notice


def _owners(event: ImportRun) -> set[UUID]:
    return things.owners_of(event.import_id, event.entity)


BROUGHT_IN = Notice(
    name="imports.brought_in",
    summary="Rows that somebody else imports become mine",
    event=ImportRun,
    recipients=_owners,
    title="{actor} brought in {created} rows of a file, some of them yours: {entity}",
    words=lambda event: {"created": str(event.created), "entity": event.entity},
)
ALL = (BROUGHT_IN,)
