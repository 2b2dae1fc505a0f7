"""SQL as text."""

from __future__ import annotations

from sqlalchemy import text

EVERYTHING = text("SELECT * FROM core_user")
