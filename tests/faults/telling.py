"""Somebody outside the web process who tells a person things.

`python -m tests.faults.telling AGENCY USER FIRST COUNT RATE`. Each thing is a unit of work of its own, and `told N` is
written once it is acknowledged.
"""

from __future__ import annotations

import sys
import time
from uuid import UUID

from core.actor import system
from core.app import create_app
from core.config import load
from core.db.session import dispose, unit_of_work
from core.db.tenancy import acting_as
from plugins.notifications import api as notifications


def main(agency_id: UUID, user_id: UUID, first: int, count: int, rate: float) -> None:
    """Tell so many things, numbered from `first`, so many a second."""
    app = create_app(load(_env_file=None))
    with app.app_context():
        begun = time.monotonic()
        for number in range(first, first + count):
            time.sleep(max(0.0, begun + (number - first) / rate - time.monotonic()))
            with unit_of_work(), acting_as(system(agency_id)):
                notifications.notify("leads.assigned", [user_id], words={"reference": f"L-{number}"})
            print("told", number, time.time(), flush=True)
        dispose()


if __name__ == "__main__":
    main(UUID(sys.argv[1]), UUID(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))
