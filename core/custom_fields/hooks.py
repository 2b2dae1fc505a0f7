"""What the values of an agency's own fields say where people ask for their data."""

from __future__ import annotations

from core.custom_fields import personal
from core.plugins.hookspecs import hookimpl
from core.privacy.subjects import Holding, Outcome, Subject


@hookimpl
def personal_data(subject: Subject) -> list[Holding]:
    """The values of all that is about a person."""
    return personal.held(subject)


@hookimpl
def erase_personal_data(subject: Subject) -> list[Outcome]:
    """Erase them, but those of fields that say nothing about people."""
    return personal.erased(subject)
