"""What privacy does by the clock."""

from __future__ import annotations

from uuid import UUID

from core.jobs.job import job
from core.privacy import erasures, exports, failures, keeping, tombstones


@job(given_up=failures.note)
def make_export(request_id: UUID) -> None:
    """Put everything about a person together."""
    exports.make(request_id)


@job(given_up=failures.note)
def carry_out_erasure(request_id: UUID) -> None:
    """Erase everything about a person."""
    erasures.carry_out(request_id)


@job(schedule="30 3 * * *")
def apply_retention() -> None:
    """Remove what the agency has kept for long enough, each rule in a job of its own."""
    for name in keeping.in_effect():
        apply_rule.later(unique=name).enqueue(rule=name)


@job()
def apply_rule(rule: str) -> None:
    """Remove what one rule no longer keeps."""
    if keeping.apply(rule):
        apply_rule.later(unique=rule).enqueue(rule=rule)


@job(schedule="50 3 * * *")
def erase_again() -> None:
    """Erase what was written about people while or after they were erased, each in a job of its own."""
    for person in erasures.recent():
        erase_late.later(unique=f"{person.subject} {person.id}").enqueue(kind=person.subject, subject_id=person.id)


@job()
def erase_late(kind: str, subject_id: UUID) -> None:
    """Erase what was written about somebody while or after they were erased."""
    erasures.repeat(kind, subject_id)


@job(platform=True, schedule="*/15 * * * *")
def note_erased() -> None:
    """Note outside the database who was erased, for whoever restores a copy of it."""
    tombstones.note()


@job(platform=True, schedule="*/15 * * * *")
def end_orphans() -> None:
    """Say of exports and erasures whose job is gone that nobody carries them out."""
    failures.end_orphans()
