"""Reaches into the core."""

from __future__ import annotations

from core.db.session import unit_of_work

work = unit_of_work
