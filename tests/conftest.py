"""How the tests share a machine: `make test` spreads their files over processes; who measures time gets it alone."""

from __future__ import annotations

import fcntl
import gc
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

TURNS = pytest.StashKey["Turns"]()


class Turns:
    """Tests in several processes: any number together, or one alone."""

    def __init__(self, folder: Path) -> None:
        self._door = (folder / "door").open("wb")
        self._room = (folder / "room").open("wb")

    def close(self) -> None:
        """Nobody waits for this process any more."""
        self._door.close()
        self._room.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """With whoever does not want to be alone."""
        with self._locked(fcntl.LOCK_SH):
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """When everybody else's test has ended; nobody begins another until this one has."""
        with self._locked(fcntl.LOCK_EX):
            yield

    @contextmanager
    def _locked(self, kind: int) -> Iterator[None]:
        # Whoever comes after one that waits to be alone waits behind it: it would wait for ever.
        fcntl.flock(self._door, fcntl.LOCK_EX)
        fcntl.flock(self._room, kind)
        fcntl.flock(self._door, fcntl.LOCK_UN)
        try:
            yield
        finally:
            fcntl.flock(self._room, fcntl.LOCK_UN)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One process for each processor this one may use, at least two: half of the time of the long tests is waiting."""
    return max(2, len(os.sched_getaffinity(0)))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported and collected stays until the end: looking through it for garbage takes a tenth of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long files first where several processes share them out: none is left to the end, when one would wait for it."""
    if hasattr(config, "workerinput"):
        long = {item.path for item in items if item.get_closest_marker("slow")}
        items.sort(key=lambda item: item.path not in long)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Wait for the test's turn; the wait counts for no test."""
    if not hasattr(item.config, "workerinput"):
        return (yield)
    turns = item.config.stash.get(TURNS, None)
    if turns is None:
        # One folder up is that of the whole run.
        factory: pytest.TempPathFactory = item.config._tmp_path_factory  # type: ignore[attr-defined] # no other way
        turns = item.config.stash[TURNS] = Turns(factory.getbasetemp().parent)
        item.config.add_cleanup(turns.close)
    with turns.alone() if item.get_closest_marker("alone") else turns.together():
        return (yield)
