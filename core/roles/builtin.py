"""The roles every agency starts with, and how their permissions follow from the plugins' declarations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.actor import Scope
from core.plugins.spec import Permission

NAMES: Mapping[str, str] = {
    "owner": "Owner",
    "admin": "Administrator",
    "manager": "Manager",
    "agent": "Agent",
    "accountant": "Accountant",
    "operations": "Operations",
    "read_only": "Read only",
}
ALMIGHTY = frozenset({"owner", "admin"})
_REACH = {Scope.OWN: 0, Scope.TEAM: 1, Scope.ALL: 2}


def grants(code: str, permissions: Iterable[Permission]) -> dict[str, Scope]:
    """What a built-in role may do among the declared permissions."""
    if code in ALMIGHTY:
        # What is each one's own they could not give to anybody, nor copy, if they held it any further.
        return {permission.name: permission.widest for permission in permissions}
    return {permission.name: permission.roles[code] for permission in permissions if code in permission.roles}


def combined(
    codes: Iterable[str], own: Iterable[tuple[str, str]], permissions: Mapping[str, Permission]
) -> dict[str, Scope]:
    """What somebody may do with these built-in roles, and with permissions and scopes of the agency's own roles."""
    found: dict[str, Scope] = {}
    for code in codes:
        for name, scope in grants(code, permissions.values()).items():
            found[name] = wider(found.get(name), scope)
    for name, text in own:
        # A permission of a plugin that is gone grants nothing.
        if name in permissions:
            found[name] = wider(found.get(name), Scope(text))
    return found


def narrower(first: Scope, second: Scope) -> Scope:
    """The scope that reaches less far."""
    return first if _REACH[first] <= _REACH[second] else second


def wider(first: Scope | None, second: Scope) -> Scope:
    """The scope that reaches further."""
    return second if first is None or _REACH[second] > _REACH[first] else first
