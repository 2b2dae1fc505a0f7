"""What happened to imports; what became of their rows is told by events of the rows' own."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from core.db.personal import Code
from core.events.event import Event


class ImportUploaded(Event):
    """Somebody uploaded a file to bring in what its rows say."""

    subject: ClassVar[str] = "import_id"
    import_id: UUID
    entity: Code


class ImportChecked(Event):
    """An import was tried: this is what it would do."""

    subject: ClassVar[str] = "import_id"
    import_id: UUID
    entity: Code
    good: int
    duplicates: int
    faulty: int


class ImportBegun(Event):
    """The rows of an import begin to come in, or go on doing so."""

    subject: ClassVar[str] = "import_id"
    import_id: UUID
    entity: Code


class ImportRun(Event):
    """The rows of an import came in."""

    subject: ClassVar[str] = "import_id"
    import_id: UUID
    entity: Code
    created: int
    duplicates: int
    faulty: int


class ImportStopped(Event):
    """An import ended before its time; it can go on, or be taken back."""

    subject: ClassVar[str] = "import_id"
    import_id: UUID
    entity: Code
    problem: Code


class ImportFaultsTaken(Event):
    """Somebody took the faulty rows of an import out of the agency, with what their cells say."""

    subject: ClassVar[str] = "import_id"
    import_id: UUID
    entity: Code
    rows: int


class ImportReverted(Event):
    """What an import made was taken back, but what somebody has worked with since."""

    subject: ClassVar[str] = "import_id"
    import_id: UUID
    entity: Code
    removed: int
    kept: int


class ImportForgotten(Event):
    """The file of an import was deleted before its time."""

    subject: ClassVar[str] = "import_id"
    import_id: UUID


class ImportAssigned(Event):
    """An import is somebody else's to look after, because whoever uploaded it left."""

    subject: ClassVar[str] = "import_id"
    import_id: UUID
    from_owner_id: UUID
    owner_id: UUID
