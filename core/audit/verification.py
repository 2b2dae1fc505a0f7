"""Recomputing the chain: whether the acting agency's log is what was sealed, and what is not sealed yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from core import streams
from core.audit import chain, repository
from core.audit.chain import GENESIS, Seal
from core.events import origins
from core.events.log import SCOPE

BATCH = 1_000


class Damage(Exception):
    """The log is not what was sealed."""

    def __init__(self, seq: int, what: str) -> None:
        super().__init__(what)
        self.seq = seq


class Verified(msgspec.Struct, frozen=True):
    """A log that is what was sealed."""

    last: Seal
    unsealed: int
    """How many events at the end are not sealed yet."""
    forgotten: int
    """Of how many it is no longer known where they came from."""


def verify(noted: Mapping[int, str] | None = None) -> Verified:
    """Recompute the acting agency's chain, in batches. Raises Damage with the first number that is not right.

    `noted` are hashes by number that were written down elsewhere.
    """
    noted = noted or {}
    stray = repository.stray()
    if stray is not None:
        raise Damage(stray, f"event {stray} was put before the first")
    last = Seal(0, GENESIS)
    for last in _recomputed():
        if noted.get(last.seq, last.hash) != last.hash:
            raise Damage(last.seq, f"event {last.seq} has another seal than was noted: the chain was rewritten")
    missing = min((seq for seq in noted if seq > last.seq), default=None)
    if missing is not None:
        lost = last.seq + 1
        raise Damage(lost, f"event {lost} and its seal are gone: the seal of event {missing} was noted")
    return Verified(last, _unsealed(last.seq), _forgotten())


def _recomputed() -> Iterator[Seal]:
    """Each seal, in order, that is what it should be. Raises Damage at the first that is not."""
    before = Seal(0, GENESIS)
    while sealed := repository.seals(before.seq, limit=BATCH):
        events = {event.seq: event for event in repository.sealable(before.seq, limit=BATCH)}
        for found in sealed:
            expected = before.seq + 1
            if found.seq != expected:
                raise Damage(expected, f"the seal of event {expected} is gone")
            event = events.get(expected)
            if event is None:
                raise Damage(expected, f"event {expected} is gone")
            if chain.seal(before.hash, event) != found:
                raise Damage(expected, f"event {expected} is not what was sealed")
            before = found
            yield found


def _forgotten() -> int:
    """How many origins are gone. Raises Damage at the first that is not the one its event was sealed with."""
    last = gone = 0
    while found := repository.origins(last, limit=BATCH):
        for each in found:
            last = each.seq
            if each.salt is None:
                gone += 1
            elif origins.digest(each.salt, each.ip, each.user_agent, each.reason) != each.digest:
                raise Damage(last, f"where event {last} came from is not what was sealed")
    return gone


def _unsealed(after: int) -> int:
    # Before the events: whoever writes meanwhile makes the log longer than this, never shorter.
    head, last = streams.head(SCOPE), after
    while events := repository.sealable(last, limit=BATCH):
        for event in events:
            if event.seq != last + 1:
                raise Damage(last + 1, f"event {last + 1} is gone, before it was sealed")
            last = event.seq
    if last < head:
        raise Damage(last + 1, f"event {last + 1} is gone, before it was sealed")
    return last - after
