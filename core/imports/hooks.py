"""What imports say at points of the core."""

from __future__ import annotations

from core.events.log import publish
from core.imports import keeping
from core.imports.events import ImportAssigned
from core.imports.repository import Imports
from core.plugins.hookspecs import hookimpl
from core.privacy.subjects import Holding, Outcome, Subject
from core.users.holdings import HandedOver


@hookimpl
def personal_data(subject: Subject) -> list[Holding]:
    """Files of imports in which somebody is."""
    return keeping.held(subject)


@hookimpl
def erase_personal_data(subject: Subject) -> list[Outcome]:
    """Delete these files; what became of their rows says nothing about anybody."""
    return keeping.erase(subject)


@hookimpl
def handed_over(what: HandedOver) -> None:
    """Each import's history tells who looks after it since its owner left."""
    if what.kind == Imports.subject:
        for row in what.rows:
            event = ImportAssigned(import_id=row.id, from_owner_id=what.from_owner_id, owner_id=what.owner_id)
            publish(event, of=what.changed)
