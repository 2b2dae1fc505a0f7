"""Commits by itself."""

from __future__ import annotations

from core.sdk import db


def finish() -> None:
    """Commit."""
    db.session.commit()
