"""Making two contacts one, and two again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import msgspec

from core.sdk import (
    Fault,
    Invalid,
    ListQuery,
    MergedAway,
    NotFound,
    Page,
    PreconditionFailed,
    acting_user_id,
    clock,
    custom_fields,
    gather,
    installed,
    merging,
    privacy,
    publish,
    search,
    under,
    vault,
)

from ..errors import GroupIsDeleted
from ..events import ContactMergedAway, ContactRestored, ContactsMerged, MergeUndone
from ..models import FIELDS as OWN_FIELDS
from ..models import Contact, EmailAddress, Merge, PhoneNumber, PostalAddress
from ..repository import contacts
from ..repository import members as stored_members
from ..repository import merges as stored
from ..repository.merges import merges
from ..schemas import MOST_ADDRESSES, ContactView
from . import consents
from . import members as places
from .contacts import ENTITY, apply, empty, texts
from .erased import is_erased

FIELDS = (
    "name",
    "given_name",
    "family_name",
    "language",
    "zone",
    "country",
    "nationality",
    "note",
    "vat_number",
    "registration_number",
    "website",
)
_WRITTEN = ("lines", "postal_code", "city", "region", "country")
LISTS: dict[str, Callable[[Any], str]] = {
    "emails": lambda each: each.address,
    "phones": lambda each: each.number,
    "addresses": lambda each: "\n".join(getattr(each, name) or "" for name in _WRITTEN),
}
"""What both have of which both keep all, each with what makes two of them one."""
_COPIED = {
    EmailAddress: ("address", "label"),
    PhoneNumber: ("number", "label"),
    PostalAddress: ("kind", *_WRITTEN),
}
_EARLIER, _OWN, _CONSENTS, _MEMBERSHIPS = "contacts.merged", "custom_fields", "consents", "memberships"


class Image(msgspec.Struct):
    """What a merge changed in the contact that stays, each before and after."""

    columns: dict[str, Any]
    lists: dict[str, tuple[list[str], list[str]]]
    own: custom_fields.Taken


def rows(contact_id: UUID, query: ListQuery) -> Page[merging.MergeView]:
    """A page of what went into a contact. Raises NotFound, MergedAway."""
    contacts.shown(contact_id)
    return merges.rows(contact_id, query)


def merge(contact_id: UUID, draft: merging.MergeDraft, *, version: int | None) -> merging.MergeView:
    """Let another contact go into this one, with everything that is about it.

    Raises Invalid, NotFound, MergedAway, AlreadyMerged, SubjectErased, PreconditionFailed.
    """
    target, other = _pair(contact_id, draft, version=version)
    before, lists = merging.image(target), _lists(target)
    joined = {"note": merging.both_texts}
    sides, changes = gather(
        partial(OWN_FIELDS.check_merge, draft.own_fields),
        partial(merging.chosen, _values(target), _values(other), draft.other_fields, joined=joined),
    )
    with under("/fields"):
        apply(target, changes)
    _take_over(target, other)
    target.updated_at = other.deleted_at = clock.now()
    contacts.save()
    other.merged_into = target.id
    earlier = stored.merged_into(other.id)
    stored.point(earlier, away_from=other.id, at=target.id)
    own = OWN_FIELDS.take_over(target, other.id, sides)
    united = consents.unite(target.id)
    followed = places.follow(target, other)
    moved = {_EARLIER: earlier, **followed, **_ask(target.id, other.id)}
    columns = merging.changed(before, merging.image(target))
    told = {_OWN: own.fields, _CONSENTS: united, _MEMBERSHIPS: followed[places.PLACES]}
    image = Image(columns, {name: (lists[name], now) for name, now in _lists(target).items()}, own)
    made = merges.add(
        Merge(
            contact_id=target.id,
            other_id=other.id,
            merged_by=acting_user_id(),
            fields=sorted({*changes, *_grown(image), *(name for name, any_ in told.items() if any_)}),
            moved=msgspec.to_builtins(moved),
            image=vault.Secret(msgspec.json.encode(image).decode()),
        )
    )
    search.index(ENTITY, target.id, texts(target))
    publish(ContactsMerged(contact_id=target.id, other_id=other.id, merge_id=made.id, fields=made.fields), of=target)
    publish(ContactMergedAway(contact_id=other.id, into_id=target.id, merge_id=made.id), of=other)
    return merges.written(made.id)


def undo(merge_id: UUID) -> ContactView:
    """Let a contact that went into another be one of its own again; the one that stayed.

    Raises NotFound, NotUndoable, TouchedSince, GroupIsDeleted.
    """
    found = merges.get(merge_id)
    privacy.undisturbed(ENTITY, found.contact_id, found.other_id)
    target, other = stored.pair(found.contact_id, found.other_id)
    # Whoever undid it a moment ago was waited for.
    done = merges.locked(merge_id)
    if done is None or target is None or other is None:
        raise NotFound
    if done.image is None or clock.now() - done.created_at > merging.UNDO_WITHIN:
        raise merging.NotUndoable("It was too long ago")
    if target.merged_into is not None or target.deleted_at is not None:
        raise merging.NotUndoable("The contact it went into is deleted, or has gone into another one since")
    if stored_members.is_of_deleted(other.id):
        raise GroupIsDeleted
    image = msgspec.json.decode(vault.reveal(done, Merge.image) or "", type=Image)
    moved = msgspec.convert(done.moved, dict[str, list[UUID]])
    is_touched = OWN_FIELDS.are_touched(target, image.own)
    merging.refuse_touched([*_touched(target, image), *([_OWN] if is_touched else [])])
    _give_back(target, image)
    target.updated_at = clock.now()
    other.deleted_at = other.merged_into = None
    contacts.save()
    OWN_FIELDS.give_back(target, image.own)
    stored.point(moved.pop(_EARLIER, []), away_from=target.id, at=other.id)
    consents.come_apart(target.id, other.id, since=done.created_at)
    places.go_back(target, other, moved)
    installed().hook.contacts_merge_undone(contact_id=target.id, other_id=other.id, moved=moved)
    stored.forget(done)
    search.index(ENTITY, target.id, texts(target))
    publish(MergeUndone(contact_id=target.id, other_id=other.id, merge_id=merge_id), of=target)
    publish(ContactRestored(contact_id=other.id), of=other)
    return contacts.written(target.id)


def forget_old(before: datetime, most: int) -> int:
    """Forget what it took to undo merges before an instant, and what they did not take over; how many."""
    found = merges.before(before, but=stored.known_as(privacy.on_hold(ENTITY)), most=most)
    for each in found:
        for other in stored.same_person(each.other_id):
            if other.id == each.other_id:
                empty(other)
        stored.forget(each)
    custom_fields.forget(each.other_id for each in found)
    # What they said of being contacted stays: it is the word of the one that stays.
    stored_members.forget([each.other_id for each in found])
    return len(found)


def count_old(before: datetime) -> int:
    """How many it would be."""
    return merges.count_before(before, but=stored.known_as(privacy.on_hold(ENTITY)))


def _pair(contact_id: UUID, draft: merging.MergeDraft, *, version: int | None) -> tuple[Contact, Contact]:
    """Both, as they may be merged."""
    if draft.other_id == contact_id:
        raise Invalid(errors=[Fault("/other_id", "same", "A contact cannot go into itself")])
    privacy.undisturbed(ENTITY, contact_id, draft.other_id)
    target, other = stored.pair(contact_id, draft.other_id)
    if target is not None and target.merged_into is not None:
        raise MergedAway(target.merged_into)
    if target is None or target.deleted_at is not None:
        raise NotFound
    if other is not None and other.merged_into is not None:
        raise merging.AlreadyMerged
    if other is None or other.deleted_at is not None:
        raise Invalid(errors=[Fault("/other_id", "unknown", "There is no such contact")])
    if (version is not None and target.version != version) or other.version != draft.other_version:
        raise PreconditionFailed
    if is_erased(target) or is_erased(other):
        raise vault.SubjectErased
    if target.kind != other.kind:
        raise Invalid(errors=[Fault("/other_id", "kind", f"A {other.kind} cannot go into a {target.kind}")])
    return target, other


def _values(contact: Contact) -> dict[str, Any]:
    return {name: getattr(contact, name) for name in FIELDS}


def _lists(contact: Contact) -> dict[str, list[str]]:
    return {name: [key(each) for each in getattr(contact, name)] for name, key in LISTS.items()}


def _take_over(target: Contact, other: Contact) -> None:
    """The other's addresses and numbers, behind one's own. Raises Invalid where they are too many."""
    mine = _lists(target)
    for name, key in LISTS.items():
        kept = getattr(target, name)
        more = [each for each in getattr(other, name) if key(each) not in mine[name]]
        if len(kept) + len(more) > MOST_ADDRESSES:
            message = f"Together they have more than {MOST_ADDRESSES} {name}: remove some first"
            raise Invalid(errors=[Fault("/other_id", "too_many", message)])
        for each in more:
            copied = {column: getattr(each, column) for column in _COPIED[type(each)]}
            kept.append(type(each)(position=len(kept), **copied))


def _grown(image: Image) -> list[str]:
    return [name for name, (before, after) in image.lists.items() if before != after]


def _touched(target: Contact, image: Image) -> list[str]:
    """What does not say any more what the merge made it say."""
    now = _lists(target)
    lists = [name for name in _grown(image) if now[name] != image.lists[name][1]]
    return sorted({*merging.touched(target, image.columns), *lists} - {"sort_name"})


def _give_back(target: Contact, image: Image) -> None:
    merging.give_back(target, image.columns)
    for name in _grown(image):
        before = image.lists[name][0]
        setattr(target, name, [each for each in getattr(target, name) if LISTS[name](each) in before])


def _ask(contact_id: UUID, other_id: UUID) -> dict[str, list[UUID]]:
    """Have neighbours move what is about the other; the ids of it, by kind."""
    moved: dict[str, list[UUID]] = {}
    for answer in installed().hook.contacts_merged(contact_id=contact_id, other_id=other_id):
        for kind, ids in (answer or {}).items():
            moved.setdefault(kind, []).extend(ids)
    return moved
