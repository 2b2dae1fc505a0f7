"""Making two leads one, and two again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from itertools import chain
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
    from_minor,
    gather,
    installed,
    merging,
    privacy,
    publish,
    search,
    under,
    vault,
)
from plugins.contacts import api as contacts

from ..errors import ClientsDiffer, ContactIsDeleted, WonLeadStays
from ..events import LeadChanged, LeadMergedAway, LeadRestored, LeadsMerged, MergeUndone
from ..models import FIELDS as OWN_FIELDS
from ..models import Lead, Merge
from ..repository import leads
from ..repository import merges as stored
from ..repository.merges import merges
from ..schemas import LeadPatch, LeadView
from . import intent, pipeline, sla
from .leads import ENTITY, ROWS, index
from .tags import MOST as MOST_TAGS

# Status and owner are no matter of choice: they change by routes of their own.
FIELDS = tuple(name for name in LeadPatch.__struct_fields__ if name not in ROWS)
_MONEY = {"budget", "value"}
_JOINED: dict[str, Callable[[Any, Any], Any]] = {
    "destinations": merging.both_lists,
    "interests": merging.both_lists,
    "restrictions": merging.both_texts,
}
_EARLIER, _OWN = "leads.merged", "custom_fields"
_OF_TASKS = {"next_action_at", "next_task_at"}
# What belongs together: either lead's, never some of one and some of the other.
_AS_ONE = (("date_mode", "start_date", "end_date", "flex_days", "nights"), ("budget", "budget_per"))
# What goes on by itself, and stays where it has: nobody is kept from undoing by that.
_STATUS = {"status", "status_since"}
_RESPONSE = {"responded_at", "response_minutes", "response_state", "response_due_at"}


class Image(msgspec.Struct):
    """What a merge changed in the lead that stays, before and after."""

    columns: dict[str, Any]
    tags: tuple[list[str], list[str]]
    own: custom_fields.Taken


def rows(lead_id: UUID, query: ListQuery) -> Page[merging.MergeView]:
    """A page of what went into a lead. Raises NotFound, MergedAway."""
    leads.require(lead_id)
    return merges.rows(lead_id, query)


def merge(lead_id: UUID, draft: merging.MergeDraft, *, version: int | None) -> merging.MergeView:
    """Let another lead go into this one, whose status, owner and reference stay; both timelines are one.

    Raises Invalid, NotFound, MergedAway, AlreadyMerged, ClientsDiffer, WonLeadStays, PreconditionFailed.
    """
    target, other = _pair(lead_id, draft, version=version)
    before, tags, client = _image(target), leads.tags_of(target.id), target.contact_id
    sides, changes = gather(
        partial(OWN_FIELDS.check_merge, draft.own_fields),
        partial(_chosen, _values(target), _values(other), draft.other_fields),
    )
    more = [tag for tag in leads.tags_of(other.id) if tag not in tags]
    if len(tags) + len(more) > MOST_TAGS:
        raise Invalid(errors=[Fault("/other_id", "too_many", f"Together they have more than {MOST_TAGS} tags")])
    with under("/fields"):
        intent.apply(target, changes)
    if "priority" in changes:
        sla.hurry(target)
    pipeline.take_over(target, other)
    leads.add_tags(target.id, more)
    target.updated_at = other.deleted_at = clock.now()
    other.merged_into = target.id
    leads.save()
    earlier = stored.merged_into(other.id)
    stored.point(earlier, away_from=other.id, at=target.id)
    own = OWN_FIELDS.take_over(target, other.id, sides)
    image = Image(merging.changed(before, _image(target)), (tags, sorted([*tags, *more])), own)
    made = merges.add(
        Merge(
            lead_id=target.id,
            other_id=other.id,
            contact_id=client,
            other_contact_id=other.contact_id,
            merged_by=acting_user_id(),
            fields=sorted({*changes, *(["tags"] if more else []), *([_OWN] if own.fields else [])}),
            moved=msgspec.to_builtins({_EARLIER: earlier, **_ask(target.id, other.id)}),
            image=vault.Secret(msgspec.json.encode(image).decode()),
        )
    )
    index(target, image.tags[1])
    publish(LeadsMerged(lead_id=target.id, other_id=other.id, merge_id=made.id, fields=made.fields), of=target)
    publish(LeadMergedAway(lead_id=other.id, into_id=target.id, merge_id=made.id), of=other)
    return merges.written(made.id)


def undo(merge_id: UUID) -> LeadView:
    """Let a lead that went into another be one of its own again; the one that stayed.

    Raises NotFound, NotUndoable, TouchedSince, ContactIsDeleted.
    """
    found = merges.get(merge_id)
    privacy.undisturbed(privacy.CONTACT, *{found.contact_id, found.other_contact_id})
    target, other = stored.pair(found.lead_id, found.other_id)
    # Whoever undid it a moment ago was waited for.
    done = merges.locked(merge_id)
    if done is None or target is None or other is None:
        raise NotFound
    if done.image is None or clock.now() - done.created_at > merging.UNDO_WITHIN:
        raise merging.NotUndoable("It was too long ago")
    if target.merged_into is not None or target.deleted_at is not None:
        raise merging.NotUndoable("The lead it went into is deleted, or has gone into another one since")
    if not contacts.is_kept(other.contact_id):
        raise ContactIsDeleted
    image = msgspec.json.decode(vault.reveal(done, Merge.image) or "", type=Image)
    gone_on = _gone_on(target, image.columns)
    columns = {name: both for name, both in image.columns.items() if name not in gone_on}
    touched = merging.touched(target, columns)
    if leads.tags_of(target.id) != image.tags[1] and image.tags[0] != image.tags[1]:
        touched.append("tags")
    moved = msgspec.convert(done.moved, dict[str, list[UUID]])
    if OWN_FIELDS.are_touched(target, image.own):
        touched.append(_OWN)
    merging.refuse_touched(touched)
    if "status" in columns:
        pipeline.give_back(target, columns["status"][0])
    merging.give_back(target, columns)
    stored.untag(target.id, {*image.tags[1]} - {*image.tags[0]})
    target.updated_at = clock.now()
    other.deleted_at = other.merged_into = None
    leads.save()
    OWN_FIELDS.give_back(target, image.own)
    stored.point(moved.pop(_EARLIER, []), away_from=target.id, at=other.id)
    leads.settle_next_action(target.id)
    if _RESPONSE & columns.keys():
        sla.announce(target)
    installed().hook.leads_merge_undone(lead_id=target.id, other_id=other.id, moved=moved)
    stored.forget(done)
    index(target, leads.tags_of(target.id))
    publish(MergeUndone(lead_id=target.id, other_id=other.id, merge_id=merge_id), of=target)
    publish(LeadRestored(lead_id=other.id), of=other)
    return leads.written(target.id)


def follow(contact_id: UUID, *, to: UUID, only: list[UUID] | None = None) -> list[UUID]:
    """Let the leads of a contact be another one's, because the two are one or no longer; which leads."""
    moved = stored.follow(contact_id, to=to, only=only)
    for lead in moved:
        publish(LeadChanged(lead_id=lead.id, fields=["contact_id"]), of=lead)
    return [lead.id for lead in moved]


def come_apart(contact_id: UUID, *, to: UUID, only: list[UUID]) -> None:
    """Give the leads back that came with a contact. Raises NotUndoable where one of them and another are one by now."""
    if stored.crossing(contact_id, only):
        raise merging.NotUndoable("Leads of the two were merged since: undo that first")
    follow(contact_id, to=to, only=only)


def forget_old(before: datetime, most: int) -> int:
    """Forget what it took to undo merges before an instant, and what they did not take over; how many.

    Notes and steps stay: they are of the timeline of the one that stayed.
    """
    found = merges.before(before, but=contacts.on_hold(), most=most)
    for each in found:
        _, other = stored.pair(each.lead_id, each.other_id)
        if other is not None:
            privacy.wipe(other)
            stored.untag(other.id, leads.tags_of(other.id))
            leads.save()
            search.index(ENTITY, other.id, [other.reference])
        stored.forget(each)
    custom_fields.forget(each.other_id for each in found)
    return len(found)


def count_old(before: datetime) -> int:
    """How many it would be."""
    return merges.count_before(before, but=contacts.on_hold())


def _pair(lead_id: UUID, draft: merging.MergeDraft, *, version: int | None) -> tuple[Lead, Lead]:
    """Both, as they may be merged."""
    if draft.other_id == lead_id:
        raise Invalid(errors=[Fault("/other_id", "same", "A lead cannot go into itself")])
    # Whoever erases one of them is waited for, and waits.
    privacy.undisturbed(privacy.CONTACT, *stored.clients_of((lead_id, draft.other_id)))
    target, other = stored.pair(lead_id, draft.other_id)
    if target is not None and target.merged_into is not None:
        raise MergedAway(target.merged_into)
    if target is None or target.deleted_at is not None:
        raise NotFound
    if other is not None and other.merged_into is not None:
        raise merging.AlreadyMerged
    if other is None or other.deleted_at is not None:
        raise Invalid(errors=[Fault("/other_id", "unknown", "There is no such lead")])
    if (version is not None and target.version != version) or other.version != draft.other_version:
        raise PreconditionFailed
    if target.contact_id != other.contact_id:
        raise ClientsDiffer
    if other.status == "won":
        raise WonLeadStays
    return target, other


def _chosen(mine: dict[str, Any], theirs: dict[str, Any], asked: dict[str, merging.Side]) -> dict[str, Any]:
    """The fields the lead that stays gets another value in."""
    # Where nothing is said, all of what belongs together is the other's or nothing.
    kept = (each for each in _AS_ONE if any(name in asked or mine[name] is not None for name in each))
    sides: dict[str, merging.Side] = dict.fromkeys(chain.from_iterable(kept), "target")
    return merging.chosen(mine, theirs, sides | asked, joined=_JOINED)


def _gone_on(lead: Lead, columns: merging.Image) -> set[str]:
    """What has gone on by itself since a merge."""
    touched = set(merging.touched(lead, columns))
    return set().union(*(each for each in (_STATUS, _RESPONSE) if each & touched))


def _image(lead: Lead) -> dict[str, Any]:
    """What a lead says, but for what tasks make of it: they move by themselves."""
    return {name: value for name, value in merging.image(lead).items() if name not in _OF_TASKS}


def _values(lead: Lead) -> dict[str, Any]:
    """What a lead says, by the names clients give it."""
    values = {name: getattr(lead, name) for name in FIELDS if name not in _MONEY}
    # What somebody said, not what the first task does: that one comes along by itself.
    values["next_action_at"] = lead.own_action_at
    values["restrictions"] = vault.reveal(lead, Lead.restrictions)
    for name in _MONEY:
        minor, currency = getattr(lead, f"{name}_minor"), getattr(lead, f"{name}_currency")
        values[name] = None if minor is None else from_minor(minor, currency)
    return values


def _ask(lead_id: UUID, other_id: UUID) -> dict[str, list[UUID]]:
    """Have neighbours move what is about the other; the ids of it, by kind."""
    moved: dict[str, list[UUID]] = {}
    for answer in installed().hook.leads_merged(lead_id=lead_id, other_id=other_id):
        for kind, ids in (answer or {}).items():
            moved.setdefault(kind, []).extend(ids)
    return moved
