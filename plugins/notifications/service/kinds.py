"""The kinds of notices that loaded plugins declare, and how their titles read."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from core.sdk import ACTOR, Notice, installed, is_on, titled

from ..schemas import NotificationView

NOBODY = "The system"
"""Who did what no person did."""


def declared() -> dict[str, Notice]:
    """Every kind of notice, by name."""
    return {notice.name: notice for plugin in installed().plugins.values() for notice in plugin.notices}


def offered() -> dict[str, Notice]:
    """The kinds of the plugins that are on in the acting agency."""
    return {name: notice for name, notice in declared().items() if is_on(owner_of(name))}


def caused_by(events: Iterable[str]) -> dict[str, list[str]]:
    """The kinds of notices that events cause in the acting agency, by event."""
    wanted = set(events)
    found: dict[str, list[str]] = {}
    for notice in offered().values():
        for event in notice.events:
            if event.name in wanted:
                found.setdefault(event.name, []).append(notice.name)
    return found


def owner_of(kind: str) -> str:
    """The plugin that declares a kind."""
    return kind.partition(".")[0]


def reader() -> Callable[[NotificationView], NotificationView]:
    """What puts the words of a notification into the present title of its kind.

    A kind whose plugin is gone keeps the title it was stored with.
    """
    known = declared()

    def read(stored: NotificationView) -> NotificationView:
        notice = known.get(stored.kind)
        title = notice.title if notice is not None else stored.title
        words = {ACTOR: stored.actor_name or NOBODY, **stored.words}
        return msgspec.structs.replace(stored, title=titled(title, words))

    return read
