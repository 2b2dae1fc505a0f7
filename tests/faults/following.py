"""A process that follows the log with the tests' projection until it is killed: `python -m tests.faults.following`."""

from __future__ import annotations

import threading

from core.app import create_app
from core.config import load
from core.events import running
from core.events.following import Followed
from tests.core.events.tally import TALLY


def main() -> None:
    """Follow for ever."""
    app = create_app(load(_env_file=None))
    app.extensions["tripfile.followers"] = {TALLY.name: Followed("events", TALLY)}
    print("following", flush=True)
    running.run_forever(app, threading.Event())


if __name__ == "__main__":
    main()
