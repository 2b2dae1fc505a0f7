"""Who may see which events: those of a permission held without limits, and those about rows within its limits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from flask import g

from core.actor import Scope, current_actor
from core.db.repository import repository_of
from core.db.tenancy import current_agency_id
from core.events.catalogue import EVERYTHING, permission_of
from core.events.event import declared_as
from core.events.follower import Recorded
from core.plugins import agencies
from core.plugins.manager import installed


def visible(entries: Sequence[Recorded]) -> list[Recorded]:
    """The events that the acting user may see, in the same order; one statement per kind of thing that is limited."""
    actor = current_actor()
    if actor.scope_of(EVERYTHING) is Scope.ALL:
        return list(entries)
    off = agencies.switched_off(current_agency_id())
    permissions = {name: _permission(name, off) for name in {entry.name for entry in entries}}
    limited: dict[tuple[str, str], set[UUID]] = defaultdict(set)
    for entry in entries:
        permission = permissions[entry.name]
        if actor.scope_of(permission) in {Scope.OWN, Scope.TEAM}:
            limited[permission, entry.subject].add(entry.subject_id)
    within = {key: _reachable(*key, ids) for key, ids in limited.items()}

    def may_see(entry: Recorded) -> bool:
        permission = permissions[entry.name]
        if actor.scope_of(permission) is Scope.ALL:
            return True
        return entry.subject_id in within.get((permission, entry.subject), ())

    return [entry for entry in entries if may_see(entry)]


def _permission(name: str, off: frozenset[str]) -> str:
    """What must be held to see an event; whose plugin is gone or off is for those who see everything."""
    kind = declared_as(name)
    plugin = name.split(".", maxsplit=1)[0]
    if kind is None or plugin in off or plugin not in installed().plugins:
        return EVERYTHING
    return permission_of(kind, installed())


def _reachable(permission: str, subject: str, ids: set[UUID]) -> set[UUID]:
    """Which rows the caller may see under a permission; none where nobody can tell."""
    rows = repository_of(subject)
    # A scope of another plugin's permission says nothing about these rows.
    if rows is None or rows.permission.split(".")[0] != permission.split(".", maxsplit=1)[0]:
        return set()
    with _using(permission):
        return rows.reachable(ids)


@contextmanager
def _using(permission: str) -> Iterator[None]:
    """Let repositories limit rows by the scope of a permission other than the entrance's."""
    before = g.get("permission")
    g.permission = permission
    try:
        yield
    finally:
        g.permission = before
