"""Who was erased, noted outside the database: a restored copy knows nothing of what was erased after it was made."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import UUID

from flask import current_app

from core.actor import system
from core.config import Settings
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.privacy import collecting, erasures
from core.vault.repository import ERASED, Tombstone, agency_ids


class UnreadableTombstones(Exception):
    """The file of who was erased holds a line that names nobody."""


def lines() -> list[str]:
    """Everybody who was erased, `<agency> <kind> <id>` a line: ids that say nothing about anybody."""
    return [f"{each.agency_id} {each.subject} {each.subject_id}" for each in ERASED.rows()]


def note() -> None:
    """Append to ERASURE_FILE who is not in it yet. Raises OSError."""
    settings: Settings = current_app.extensions["tripfile.settings"]
    file = settings.erasure_file
    if file is None:
        return
    known = set(file.read_text(encoding="ascii").splitlines()) if file.is_file() else set()
    new = [line for line in lines() if line not in known]
    if not new:
        return
    with file.open("a", encoding="ascii") as sink:
        sink.write("".join(f"{line}\n" for line in new))
        sink.flush()
        os.fsync(sink.fileno())


def read(file: Path) -> list[Tombstone]:
    """Who stands in a file. Raises UnreadableTombstones, OSError."""
    found = []
    for number, line in enumerate(file.read_text(encoding="ascii", errors="replace").splitlines(), start=1):
        try:
            agency_id, subject, subject_id = line.split(" ")
            found.append(Tombstone(UUID(agency_id), subject, UUID(subject_id)))
        except ValueError:
            raise UnreadableTombstones(f"Line {number} of {file} is not `<agency> <kind> <id>`") from None
    return found


def reapply(wanted: list[Tombstone]) -> int:
    """Erase everybody of whom something is there again, each in a transaction; how many those were."""
    agencies, count = set(agency_ids()), 0
    for each in wanted:
        if each.agency_id in agencies:
            count += _again(each)
    return count


def _again(person: Tombstone) -> bool:
    with unit_of_work(), acting_as(system(person.agency_id)):
        _, holdings = collecting.collect(person.subject, person.subject_id)
        # Also where nothing is found: a key may have come back alone.
        outcomes = erasures.erase(person.subject, person.subject_id, request_id=None)
        return bool(holdings or outcomes)
