"""What a plugin contributes to the demo world: a function that fills a made-up agency."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    # It stands on the tables, which plugins declare.
    from core.demo.world import World


class Filler(Protocol):
    """Writes a plugin's rows of a made-up agency, of random numbers that nobody else draws from."""

    def __call__(self, world: World, random: Random, /) -> None:
        """Write them in the running unit of work, which acts as the system in the agency."""
