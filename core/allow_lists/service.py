"""What can be done with lists of allowed networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from uuid import UUID

from flask import request
from msgspec import UNSET

from core import clock, fields
from core.actor import current_actor
from core.allow_lists import boundary
from core.allow_lists.errors import AlreadyListed, WouldLockYouOut
from core.allow_lists.events import AllowListChanged, AllowListCreated, AllowListDeleted, AllowListsCleared
from core.allow_lists.models import AllowList
from core.allow_lists.repository import allow_lists
from core.allow_lists.schemas import AllowListDraft, AllowListPatch, AllowListView, Network
from core.db.query import ListQuery, Page
from core.db.tenancy import current_agency_id
from core.errors import Fault, Invalid, gather
from core.events.log import publish
from core.revocations.api import revoke
from core.roles.repository import roles
from core.users.repository import members


def rows(query: ListQuery) -> Page[AllowListView]:
    """A page of lists."""
    return allow_lists.rows(query)


def view(list_id: UUID) -> AllowListView:
    """A list. Raises NotFound."""
    return allow_lists.shown(list_id)


def create(draft: AllowListDraft) -> AllowListView:
    """Restrict the agency or a role to some networks. Raises Invalid, AlreadyListed, WouldLockYouOut."""
    networks = _checked(draft.networks)
    role_id = None if draft.role is UNSET else _role(draft.role)
    if allow_lists.has(role_id):
        raise AlreadyListed
    _keep_caller_in(role_id, networks)
    made = allow_lists.add(AllowList(role_id=role_id, networks=networks))
    publish(AllowListCreated(allow_list_id=made.id, role_id=role_id, networks=list(_plain(networks))))
    _tell_everybody()
    return allow_lists.shown(made.id)


def change(list_id: UUID, patch: AllowListPatch, *, version: int | None) -> AllowListView:
    """Give a list other networks. Raises NotFound, Invalid, WouldLockYouOut."""
    changed = allow_lists.get(list_id, version=version)
    if patch.networks is UNSET:
        return allow_lists.shown(list_id)
    before, networks = changed.networks, _checked(patch.networks)
    _keep_caller_in(changed.role_id, networks)
    changed.networks = networks
    changed.updated_at = clock.now()
    publish(
        AllowListChanged(
            allow_list_id=list_id,
            role_id=changed.role_id,
            from_networks=list(_plain(before)),
            networks=list(_plain(networks)),
        )
    )
    allow_lists.save()
    _tell_everybody()
    return allow_lists.shown(list_id)


def delete(list_id: UUID, *, version: int | None) -> None:
    """Delete a list: it restricts nobody any more. Raises NotFound."""
    gone = allow_lists.get(list_id, version=version)
    publish(AllowListDeleted(allow_list_id=gone.id, role_id=gone.role_id, networks=list(_plain(gone.networks))))
    allow_lists.remove(gone)
    _tell_everybody()


def clear() -> int:
    """Delete all lists of the acting agency, for an operator who helps those whom they lock out; how many."""
    every = allow_lists.every()
    for each in every:
        allow_lists.remove(each)
    publish(AllowListsCleared(agency_id=current_agency_id(), lists=len(every)))
    _tell_everybody()
    return len(every)


def _tell_everybody() -> None:
    # What every process remembers of the agency is asked anew, and so is who stays connected.
    revoke("agency", current_agency_id())


def _role(code: str) -> UUID:
    role_id = roles.by_codes([code]).get(code)
    if role_id is None:
        raise Invalid(errors=[Fault("/role", "unknown_role", f"There is no role {code}")])
    return role_id


def _checked(networks: Sequence[Network]) -> list[Network]:
    """The networks in their usual spelling. Raises Invalid for each that is none."""
    spelled = gather(
        *(
            partial(fields.check_network, each.network, pointer=f"/networks/{number}/network")
            for number, each in enumerate(networks)
        )
    )
    return [Network(text, each.note) for text, each in zip(spelled, networks, strict=True)]


def _keep_caller_in(role_id: UUID | None, networks: Sequence[Network]) -> None:
    """Raise WouldLockYouOut unless the caller could go on working from where they are."""
    actor = current_actor()
    if actor.user_id is None or not _concerns(role_id, members.roles_of(actor.user_id)):
        return
    allowed = _plain(networks)
    alone = boundary.Boundary(allowed, {}, {}, 0)
    if alone.refusal(actor, request.remote_addr) is not None:
        raise WouldLockYouOut


def _concerns(role_id: UUID | None, held: Mapping[str, UUID]) -> bool:
    return role_id is None or role_id in held.values()


def _plain(networks: Sequence[Network]) -> tuple[str, ...]:
    """Networks without their notes."""
    return tuple(each.network for each in networks)
