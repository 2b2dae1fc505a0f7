"""What imports say at points of the core."""

from __future__ import annotations

from core.imports import keeping
from core.plugins.hookspecs import hookimpl
from core.privacy.subjects import Holding, Outcome, Subject


@hookimpl
def personal_data(subject: Subject) -> list[Holding]:
    """Files of imports in which somebody is."""
    return keeping.held(subject)


@hookimpl
def erase_personal_data(subject: Subject) -> list[Outcome]:
    """Delete these files; what became of their rows says nothing about anybody."""
    return keeping.erase(subject)
