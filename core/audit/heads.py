"""The heads of the chains, noted outside the database: whoever rewrites a whole chain cannot rewrite these."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

import structlog

from core import clock
from core.audit.repository import ChainHead

log = structlog.get_logger()


class UnreadableHeads(Exception):
    """The file of heads holds a line that is none."""


def note(heads: Iterable[ChainHead], file: Path | None) -> None:
    """Log each head, and append it to the file: `<time> <agency> <seq> <hash>`. Raises OSError."""
    sealed = [head for head in heads if head.seq is not None]
    for head in sealed:
        log.info("audit.head", agency_id=str(head.agency_id), seq=head.seq, hash=head.hash)
    if file is None or not sealed:
        return
    now = clock.now().isoformat(timespec="seconds")
    lines = "".join(f"{now} {head.agency_id} {head.seq} {head.hash}\n" for head in sealed)
    with file.open("a", encoding="ascii") as sink:
        sink.write(lines)
        sink.flush()
        os.fsync(sink.fileno())


def noted(file: Path | None) -> dict[UUID, dict[int, str]]:
    """The hashes by agency and number that a file holds. Raises OSError, UnreadableHeads."""
    found: dict[UUID, dict[int, str]] = defaultdict(dict)
    lines = file.read_text(encoding="ascii", errors="replace").splitlines() if file is not None else []
    for number, line in enumerate(lines, start=1):
        try:
            _time, agency_id, seq, digest = line.split(" ")
            agency, noted_seq = UUID(agency_id), int(seq)
        except ValueError:
            raise UnreadableHeads(f"Line {number} of {file} is not `<time> <agency> <seq> <hash>`") from None
        # The first stands: of a chain that was rewritten the head is noted again, with another hash.
        found[agency].setdefault(noted_seq, digest)
    return found
