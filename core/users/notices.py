"""What people are told about their colleagues."""

from __future__ import annotations

from uuid import UUID

from core.notices import Notice
from core.users.events import HoldingsHandedOver
from core.users.repository import members


def _words(event: HoldingsHandedOver) -> dict[str, str]:
    return {"count": str(sum(event.handed_over.values()))}


def _successors(event: HoldingsHandedOver) -> list[UUID]:
    return sorted(members.active(event.successors))


HANDED_OVER = Notice(
    name="users.handed_over",
    summary="I take over what somebody who left the agency owned",
    event=HoldingsHandedOver,
    recipients=_successors,
    title="A colleague has left, and {count} things they owned have new owners; yours are among them",
    words=_words,
    digest=False,
)
ALL = (HANDED_OVER,)
