"""What people are told about what comes in."""

from __future__ import annotations

from uuid import UUID

from core.sdk import Notice, users

from . import permissions
from .events import SourceFailing


def _managers(event: SourceFailing) -> list[UUID]:
    return users.holders(permissions.MANAGE.name)


def _source(event: SourceFailing) -> dict[str, str]:
    return {"source": "form" if event.form_id is not None else "hook"}


FAILING = Notice(
    name="capture.failing",
    summary="No lead can be made any more of what comes in by a form or hook",
    event=SourceFailing,
    recipients=_managers,
    title="What came in by a {source} could not become a lead: look at what is wrong, nothing is lost",
    words=_source,
)
ALL = (FAILING,)
