"""Files between two steps: in memory while small, then on disk without a name, and closed when the work is over."""

from __future__ import annotations

import tempfile
from typing import Any, BinaryIO

from flask import Flask, g

_IN_MEMORY = 1024 * 1024


def file() -> BinaryIO:
    """A new empty one; the application context closes it at its end."""
    made: Any = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed below
    g.setdefault("spooled", []).append(made)
    new: BinaryIO = made
    return new


def install(app: Flask) -> None:
    """Close what each application context made."""
    app.teardown_appcontext(_close)


def _close(error: BaseException | None) -> None:
    del error
    for made in g.pop("spooled", ()):
        made.close()
