"""A subscriber that fails until it is repaired."""

from __future__ import annotations

import os
from pathlib import Path

from core.agencies.events import BrandCreated
from core.extensions import db
from core.users.models import Team


def greet(event: BrandCreated) -> None:
    """Greet a brand; only with a repaired file beside the log."""
    place = os.environ.get("CHORES_LOG", "")
    if not Path(place).with_name("repaired").exists():
        raise RuntimeError("Broken")
    db.session.add(Team(name=f"greeted {event.code}"))
