"""What saved views hold about people."""

from __future__ import annotations

from core.plugins.hookspecs import hookimpl
from core.privacy.subjects import Holding, Outcome, Subject
from core.views import personal


@hookimpl
def personal_data(subject: Subject) -> list[Holding]:
    """What views are called by a client, and look for."""
    return personal.held(subject)


@hookimpl
def erase_personal_data(subject: Subject) -> list[Outcome]:
    """Look for them no more, under no name of theirs."""
    return personal.erased(subject)
