"""Where followers stand, asked past everything of theirs."""

from __future__ import annotations

from typing import Any

import psycopg

from core.events import checkpoints
from core.http.application import Application
from core.testing.factories import AgencyUnderTest
from tests.core.events.tally import NAME

Owner = psycopg.Connection[Any]


def seen(owner: Owner, agency: AgencyUnderTest, build: int = 1) -> list[int]:
    rows = owner.execute(
        "SELECT seq FROM test_seen WHERE agency_id = %s AND build = %s ORDER BY seq", (agency.id, build)
    )
    return [seq for (seq,) in rows]


def place(app: Application, agency: AgencyUnderTest, name: str = NAME) -> checkpoints.Lag:
    with app.app_context():
        (found,) = [each for each in checkpoints.every([name]) if each.agency_id == agency.id]
    return found


def due(owner: Owner) -> None:
    owner.execute("UPDATE core_follower SET retry_at = now() - interval '1 second' WHERE retry_at IS NOT NULL")
