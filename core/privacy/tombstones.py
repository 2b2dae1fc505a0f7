"""Who was erased, noted outside the database: a restored copy knows nothing of what was erased after it was made."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import UUID

import structlog
from flask import current_app

from core.actor import system
from core.config import Settings
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.privacy import collecting, erasures
from core.privacy.repository import is_erased
from core.privacy.subjects import USER
from core.users import leaving
from core.vault.repository import ERASED, Tombstone, agency_ids

log = structlog.get_logger()


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


def reapply(wanted: list[Tombstone]) -> tuple[int, list[str]]:
    """Erase everybody of whom something is there again, each in a transaction.

    How many those were, and who could not be erased and why: one of them keeps nobody else from it.
    """
    agencies, count, failed = set(agency_ids()), 0, []
    for each in wanted:
        if each.agency_id not in agencies:
            continue
        try:
            count += _again(each)
        except Exception as error:
            log.exception("privacy.not_erased_again", agency_id=str(each.agency_id), subject_id=str(each.subject_id))
            failed.append(f"{each.agency_id} {each.subject} {each.subject_id}: {type(error).__name__}")
    return count, failed


def _again(person: Tombstone) -> bool:
    # By itself: whether any agency still has them is asked apart, of what is committed.
    with unit_of_work(), acting_as(system(person.agency_id)):
        # Where the copy knows that they were erased, whoever is a member now came back after that.
        if person.subject == USER and not is_erased(USER, person.subject_id) and erasures.state_of(person.subject_id):
            leaving.end_again(person.subject_id)
    with unit_of_work(), acting_as(system(person.agency_id)):
        _, holdings = collecting.collect(person.subject, person.subject_id)
        # Also where nothing is found: a key may have come back alone.
        outcomes = erasures.erase(person.subject, person.subject_id, request_id=None)
        return bool(holdings or outcomes)
