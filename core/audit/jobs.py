"""What audit does by the clock."""

from __future__ import annotations

from flask import current_app

from core.audit import heads, repository
from core.config import Settings
from core.jobs.job import job


@job(platform=True, schedule="7 3 * * *")
def note_heads() -> None:
    """Note the last seal of every agency outside the database."""
    settings: Settings = current_app.extensions["tripfile.settings"]
    heads.note(repository.heads(), settings.audit_head_file)
