"""What goes on after a member has left."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from uuid import UUID

from core.db.session import unit_of_work
from core.events.log import publish
from core.jobs.job import Discard, job
from core.jobs.run import current_run
from core.users import holdings
from core.users.events import HoldingsHandedOver
from core.users.repository import members

SECOND_LOOK = timedelta(minutes=2)
"""Longer than any request may take that began before the member left, and made something theirs."""


def begin(user_id: UUID, successors: list[UUID], *, departure: int) -> UUID:
    """Hand over what somebody who leaves owns, once the running unit of work has committed; the job's id."""
    look_again.later(delay=SECOND_LOOK).enqueue(user_id, successors, departure)
    return hand_over.enqueue(user_id, successors, departure)


@job()
def hand_over(user_id: UUID, successors: list[UUID], departure: int) -> None:
    """Give what somebody who left owned to their successors, a batch at a time."""
    _pass_everything_on(user_id, successors, departure)


@job()
def look_again(user_id: UUID, successors: list[UUID], departure: int) -> None:
    """Hand over what became somebody's while they were leaving."""
    _pass_everything_on(user_id, successors, departure)


def _pass_everything_on(user_id: UUID, successors: list[UUID], departure: int) -> None:
    """`departure` is the version the member left with: nothing is passed on once they are back, or left anew."""
    with unit_of_work():
        held = holdings.of(user_id)
        active = [each for each in successors if each in members.active(successors)]
    wanted = {each.kind for each in held}
    if not active and any(each.on_leaving == "handed_over" for each in held):
        raise Discard("Everybody who was to take over has left as well: name others")
    total = sum(each.count for each in held)
    moved: Counter[str] = Counter()
    for kind in holdings.kinds():
        while kind.name in wanted:
            # Each batch stands by itself: locks are short, and a repeat goes on where this attempt ended.
            with unit_of_work():
                if not members.hold_departed(user_id, departure):
                    break
                batch = holdings.pass_on(user_id, kind, active)
            if not batch:
                break
            moved[kind.name] += batch
            current_run().progress(min(moved.total(), total), total)
    if moved:
        publish(HoldingsHandedOver(user_id=user_id, successors=active, handed_over=dict(moved)))
