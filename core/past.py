"""Telling of the past: what is done in a block happened at another instant, with ids that can be made again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from random import Random
from typing import NamedTuple


class Told(NamedTuple):
    """What is being told."""

    at: datetime
    random: Random
    """What ids are made of."""


_told: ContextVar[Told | None] = ContextVar("told", default=None)


@contextmanager
def at(instant: datetime, random: Random) -> Iterator[None]:
    """Have the clock stand at an instant, and ids be made of `random`; nobody is called for what is published.

    For made-up worlds only, whose agencies nobody works in yet: subscribers do work for what happens, not for what is
    told of the past.
    """
    token = _told.set(Told(instant, random))
    try:
        yield
    finally:
        _told.reset(token)


def told() -> Told | None:
    """What is being told; None of what happens."""
    return _told.get()
