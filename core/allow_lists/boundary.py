"""The boundary of an agency: who may work from which network, asked at every entrance."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from flask import current_app
from sqlalchemy import Uuid, bindparam, column, select, table
from sqlalchemy.dialects.postgresql import JSONB

from core.actor import STAFF, Actor
from core.allow_lists import attempts
from core.allow_lists.errors import AddressNotAllowed
from core.db.read import SystemQuery
from core.networks import covers

RECHECK_SECONDS = 60.0
"""After this long the lists are read anew, whatever the feed of revocations says."""
_BOUND = 10_000


class Boundary(msgspec.Struct, frozen=True):
    """The lists of one agency."""

    agency: tuple[str, ...]
    """Empty where the agency has none."""
    roles: Mapping[UUID, tuple[str, ...]]
    holders: Mapping[UUID, frozenset[UUID]]
    """Who holds a role that has a list: user to such roles."""
    checked: float

    def refusal(self, actor: Actor, address: str | None) -> str | None:
        """Whose list the address is not on: `agency`, `role` or `key`; None where it may pass.

        It must be on every list that holds for the caller, so that no further role or key opens what a list closes.
        """
        if self.agency and not covers(self.agency, address):
            return "agency"
        # Who acts as another brings their own lists along.
        people = (each for each in (actor.user_id, actor.impersonator_id) if each is not None)
        held = {role_id for each in people for role_id in self.holders.get(each, ())}
        if not all(covers(self.roles[role_id], address) for role_id in held):
            return "role"
        if actor.networks and not covers(actor.networks, address):
            return "key"
        return None


# Not the models: importing those would import the modules whose entrances ask here.
_LIST = table("core_allow_list", column("agency_id", Uuid()), column("role_id", Uuid()), column("networks", JSONB()))
_HELD = table("core_membership_role", *(column(name, Uuid()) for name in ("agency_id", "user_id", "role_id")))
_agency = bindparam("agency_id", type_=Uuid())
_LISTS = SystemQuery(select(_LIST.c.role_id, _LIST.c.networks).where(_LIST.c.agency_id == _agency), lambda *row: row)
_HOLDERS = SystemQuery(
    select(_HELD.c.user_id, _HELD.c.role_id)
    .join(_LIST, _LIST.c.role_id == _HELD.c.role_id)
    .where(_HELD.c.agency_id == _agency, _LIST.c.agency_id == _agency),
    lambda *row: row,
)


def admit(actor: Actor, address: str | None) -> None:
    """Let somebody of an agency's own people or keys pass. Raises AddressNotAllowed, and notes the attempt.

    Clients who use the portal come from anywhere.
    """
    if actor.agency_id is None or actor.user_id is None or actor.audience != STAFF:
        return
    refused_by = _of(actor.agency_id, actor.user_id, actor.impersonator_id).refusal(actor, address)
    if refused_by is not None:
        attempts.note(actor, address=address or "unknown", refused_by=refused_by)
        raise AddressNotAllowed("Ask an administrator to allow it, or come from a network that is allowed")


def read(agency_id: UUID) -> Boundary:
    """The lists of an agency, as they are now."""
    # Before the question: what changes while it is answered is later than this.
    checked = time.monotonic()
    rows = _LISTS.rows(agency_id=agency_id)
    roles = {role_id: _plain(networks) for role_id, networks in rows if role_id is not None}
    agency = next((_plain(networks) for role_id, networks in rows if role_id is None), ())
    holders: dict[UUID, frozenset[UUID]] = {}
    for user_id, role_id in _HOLDERS.rows(agency_id=agency_id) if roles else ():
        # A role whose list came between the two questions counts at the next.
        if role_id in roles:
            holders[user_id] = holders.get(user_id, frozenset()) | {role_id}
    return Boundary(agency, roles, holders, checked)


def _of(agency_id: UUID, *people: UUID | None) -> Boundary:
    """The lists of an agency as this process knows them; they hold for people until something of theirs is revoked."""
    known: dict[UUID, Boundary] = current_app.extensions.setdefault("tripfile.boundaries", {})
    found = known.get(agency_id)
    if found is None or not _holds(found, agency_id, *people):
        found = read(agency_id)
        if len(known) >= _BOUND:
            known.clear()
        known[agency_id] = found
    return found


def _holds(found: Boundary, *subjects: UUID | None) -> bool:
    if time.monotonic() - found.checked >= RECHECK_SECONDS:
        return False
    from core.revocations import api as revocations

    return revocations.watch(current_app).holds(found.checked, *subjects)


def _plain(networks: list[dict[str, Any]]) -> tuple[str, ...]:
    """Networks without their notes."""
    return tuple(each["network"] for each in networks)
