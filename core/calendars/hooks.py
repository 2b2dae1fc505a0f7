"""What calendars hold about people."""

from __future__ import annotations

from core.calendars import personal
from core.plugins.hookspecs import hookimpl
from core.privacy.subjects import Holding, Outcome, Subject


@hookimpl
def personal_data(subject: Subject) -> list[Holding]:
    """When a member was away, and will be."""
    return personal.held(subject)


@hookimpl
def erase_personal_data(subject: Subject) -> list[Outcome]:
    """Forget it: nobody counts with somebody who left."""
    return personal.erased(subject)
