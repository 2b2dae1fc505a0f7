"""What audit does with everything that happens: it seals it."""

from __future__ import annotations

from collections.abc import Sequence

from core.audit import chain, repository
from core.events.follower import Follower, Recorded


class SealGone(RuntimeError):
    """The chain does not reach to where the log goes on: somebody touched it."""


def _seal(entries: Sequence[Recorded], _build: int) -> None:
    last = repository.last_seal()
    if last.seq < entries[0].seq - 1:
        raise SealGone(f"The last seal is that of event {last.seq}, the next event is {entries[0].seq}")
    # Seals are committed before the checkpoint: where that was lost, what is sealed stays so.
    more = entries[-1].seq - last.seq
    if more > 0:
        # Once more, for the texts that are hashed; the log is append-only, so these are the same events.
        repository.add_seals(chain.seals(last.hash, repository.sealable(last.seq, limit=more)))


SEAL = Follower(
    name="audit.seal",
    summary="Seals the log, so that a changed, removed or inserted event shows.",
    apply=_seal,
    from_start=True,
    # Nobody waits for it.
    eager=False,
)
