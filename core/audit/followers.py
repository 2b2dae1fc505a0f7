"""What audit does with everything that happens: it seals it."""

from __future__ import annotations

from collections.abc import Sequence

from core.audit import chain, repository
from core.events.follower import Follower, Recorded


class AlreadySealed(RuntimeError):
    """The chain does not end where the log goes on: somebody put the checkpoint back, or touched the chain."""


def _seal(entries: Sequence[Recorded], _build: int) -> None:
    last = repository.last_seal()
    if last.seq != entries[0].seq - 1:
        raise AlreadySealed(f"The last seal is that of event {last.seq}, the next event is {entries[0].seq}")
    # Once more, for the texts that are hashed; the log is append-only, so these are the same events.
    events = repository.sealable(last.seq, limit=len(entries))
    repository.add_seals(chain.seals(last.hash, events))


SEAL = Follower(
    name="audit.seal",
    summary="Seals the log, so that a changed, removed or inserted event shows.",
    apply=_seal,
    from_start=True,
    # Nobody waits for it.
    eager=False,
)
