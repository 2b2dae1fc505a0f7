"""What is sent."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class BenchNote(msgspec.Struct, frozen=True):
    """About two hundred bytes on the wire."""

    seq: int
    kind: str
    text: str


class BenchBurst(msgspec.Struct, frozen=True):
    """How much is to be sent."""

    n: Annotated[int, Meta(ge=1, le=1000, description="How many events.")] = 1
