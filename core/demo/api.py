"""What plugins use to fill the demo world."""

from __future__ import annotations

from core.demo.chronicle import Fact
from core.demo.world import Staff, World

__all__ = ["Fact", "Staff", "World"]
