"""Load over HTTP."""

from __future__ import annotations

from core.sdk import Blueprint, current_agency_id, emit, rooms

from . import permissions
from .schemas import BenchBurst, BenchNote

blueprint = Blueprint("loadtest", description="Load for the benchmarks.")
_PAD = "x" * 160


@blueprint.post("/emit", permission=permissions.MAKE)
@blueprint.query(BenchBurst)
@blueprint.response(204)
def send(burst: BenchBurst) -> None:
    """Send events to everybody of the agency."""
    room = rooms.agency(current_agency_id())
    for seq in range(burst.n):
        emit("loadtest.note", BenchNote(seq, "lead.created", _PAD), room=room)
