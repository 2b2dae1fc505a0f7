"""Who is of which household or company."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from core.sdk import Fault, Invalid, ListQuery, NotFound, Page, clock, publish, settings_of, vault

from ..errors import AlreadyInHousehold
from ..events import ContactChanged, MemberAdded, MemberChanged, MemberRemoved
from ..models import Contact, Member
from ..repository import contacts
from ..repository import members as stored
from ..repository.members import members
from ..schemas.members import GroupMemberDraft, GroupMemberView
from ..settings import ContactSettings
from .erased import is_erased

PLACES, PRIMARY = "contacts.member", "contacts.primary"


def rows(group_id: UUID, query: ListQuery) -> Page[GroupMemberView]:
    """A page of the people of a household or company. Raises NotFound, MergedAway."""
    contacts.shown(group_id)
    return members.rows(group_id, query)


def put(group_id: UUID, draft: GroupMemberDraft) -> GroupMemberView:
    """Make somebody a member, or say something else of one who is.

    Raises NotFound, MergedAway, SubjectErased, AlreadyInHousehold, Invalid.
    """
    stored.lock(group_id, draft.contact_id)
    group, person = contacts.get(group_id), contacts.find(draft.contact_id)
    if person is None:
        raise Invalid(errors=[Fault("/contact_id", "unknown", "There is no such contact")])
    return members.written(join(group, person, draft).id)


def join(group: Contact, person: Contact, draft: GroupMemberDraft, *, pointer: str = "/contact_id") -> Member:
    """The same of contacts that are locked."""
    _check(group, person, draft, pointer=pointer)
    found = stored.member(group.id, person.id)
    if found is not None and (found.role, found.is_primary) == (draft.role, draft.primary):
        return found
    if found is None and group.kind == "household" and stored.household_of(person.id) is not None:
        raise AlreadyInHousehold
    _make_way(group.id, person.id, draft)
    told: dict[str, Any] = {
        "contact_id": group.id,
        "member_id": person.id,
        "role": draft.role,
        "primary": draft.primary,
    }
    if found is None:
        place = Member(
            group_id=group.id,
            group_kind=group.kind,
            contact_id=person.id,
            role=draft.role,
            is_primary=draft.primary,
        )
        _touch(group)
        members.add(place)
        publish(MemberAdded(**told))
        return place
    found.role, found.is_primary = draft.role, draft.primary
    _touch(group)
    publish(MemberChanged(**told))
    return found


def remove(group_id: UUID, contact_id: UUID) -> None:
    """Let somebody be a member no more. Raises NotFound, MergedAway."""
    stored.lock(group_id, contact_id)
    group, found = contacts.get(group_id), stored.member(group_id, contact_id)
    if found is None:
        raise NotFound
    members.remove(found)
    _touch(group)
    publish(MemberRemoved(contact_id=group.id, member_id=contact_id))


def follow(target: Contact, other: Contact) -> dict[str, list[UUID]]:
    """Let a contact that stays take the place of another one, or its members; which ones, by kind.

    Where both have one and the same, and of two households, that of who stays counts.
    """
    return _take_places(target, other) if target.kind == "person" else _take_members(target, other)


def go_back(target: Contact, other: Contact, moved: dict[str, list[UUID]]) -> None:
    """Give back what was taken, where nobody has changed that since."""
    had_primary = set(moved.pop(PRIMARY, []))
    for place in stored.by_ids(moved.pop(PLACES, [])):
        if target.kind == "person" and place.contact_id == target.id:
            place.contact_id = other.id
        elif target.kind != "person" and place.group_id == target.id:
            place.group_id, place.is_primary = other.id, place.id in had_primary
            _tell(place)
    contacts.save()


def _take_places(target: Contact, other: Contact) -> dict[str, list[UUID]]:
    mine = stored.memberships_of([target.id])
    groups, settled = {each.group_id for each in mine}, any(each.group_kind == "household" for each in mine)
    taken = [
        each
        for each in stored.memberships_of([other.id])
        if each.group_id not in groups and not (settled and each.group_kind == "household")
    ]
    for each in taken:
        each.contact_id = target.id
    contacts.save()
    return {PLACES: [each.id for each in taken]}


def _take_members(target: Contact, other: Contact) -> dict[str, list[UUID]]:
    people = {each.contact_id: each for each in stored.members_of(target.id)}
    taken = [each for each in stored.members_of(other.id) if each.contact_id not in people]
    primary = [each.id for each in taken if each.is_primary]
    has_one = any(each.is_primary for each in people.values())
    for each in taken:
        each.group_id, each.is_primary = target.id, each.is_primary and not has_one
        _tell(each)
    contacts.save()
    return {PLACES: [each.id for each in taken], PRIMARY: primary}


def _tell(place: Member) -> None:
    publish(ContactChanged(contact_id=place.contact_id, fields=["memberships"]))


def _make_way(group_id: UUID, contact_id: UUID, draft: GroupMemberDraft) -> None:
    """There is one to talk to."""
    before = stored.primary_of(group_id) if draft.primary else None
    if before is not None and before.contact_id != contact_id:
        before.is_primary = False
        contacts.save()


def _touch(group: Contact) -> None:
    # Whoever deletes it at this moment learns that somebody has come or gone.
    group.updated_at = clock.now()
    contacts.save()


def _check(group: Contact, person: Contact, draft: GroupMemberDraft, *, pointer: str) -> None:
    if is_erased(group) or is_erased(person):
        raise vault.SubjectErased
    # A household or company is of none: so nothing can be part of itself.
    if group.kind == "person" or person.kind != "person":
        raise Invalid(errors=[Fault(pointer, "kind", "A person belongs to a household or a company")])
    roles = settings_of(ContactSettings).member_roles
    if draft.role not in roles:
        raise Invalid(errors=[Fault("/role", "choice", f"One of {', '.join(roles)}")])
