"""What can be done with contacts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from core.sdk import (
    UNSET,
    Fault,
    HandedOver,
    Invalid,
    ListQuery,
    MergedAway,
    Page,
    clock,
    fields,
    gather,
    installed,
    likeness,
    privacy,
    publish,
    search,
    users,
    vault,
)

from .. import permissions
from ..errors import GroupIsDeleted, StillHasMembers, StillInUse
from ..events import ContactAssigned, ContactChanged, ContactCreated, ContactDeleted, ContactRestored
from ..models import FIELDS, Consent, ConsentStatement, Contact, EmailAddress, Member, Merge, PhoneNumber, PostalAddress
from ..repository import consents, contacts, members
from ..repository import merges as stored
from ..repository.merges import merges
from ..schemas import ContactDraft, ContactPatch, ContactRow, ContactView, NewContact
from ..schemas.members import GroupMemberDraft
from . import details
from .erased import is_erased
from .members import join

ENTITY = privacy.CONTACT
# What a draft says that is no change of the contact, or has a rule of its own.
_APART = {"kind", "owner_id", "team_id", "custom_fields", "belongs_to"}


def rows(query: ListQuery) -> Page[ContactRow]:
    """A page of contacts."""
    return contacts.rows(query)


def view(contact_id: UUID) -> ContactView:
    """A contact. Raises NotFound."""
    return contacts.shown(contact_id)


def create(draft: ContactDraft) -> NewContact:
    """Add a contact; it belongs to its maker unless another owner is named. Raises Forbidden, Invalid."""
    return contacts.taken_in(add(draft))


def add(draft: ContactDraft) -> UUID:
    """Add a contact as `create` does; its id."""
    contact = Contact(kind=draft.kind, emails=[], phones=[], addresses=[])
    settle = partial(users.settle, owner_id=draft.owner_id, team_id=draft.team_id, given_with=permissions.ASSIGN.name)
    group, *_ = gather(
        partial(_group, draft.belongs_to),
        partial(settle, contact),
        partial(apply, contact, _given(draft)),
        partial(FIELDS.apply, contact, draft.custom_fields),
    )
    contacts.add(contact)
    search.add(ENTITY, contact.id, texts(contact))
    publish(ContactCreated(contact_id=contact.id, kind=contact.kind), of=contact)
    if group is not None:
        join(group, contact, GroupMemberDraft(contact_id=contact.id), pointer="/belongs_to")
    return contact.id


def check(draft: ContactDraft) -> None:
    """Raise Invalid for what is wrong with what a draft says of somebody, whether or not they are added."""
    contact = Contact(kind=draft.kind, emails=[], phones=[], addresses=[])
    gather(partial(apply, contact, _given(draft)), partial(FIELDS.apply, contact, draft.custom_fields))


def _group(group_id: UUID | None) -> Contact | None:
    """What a new person becomes a member of. Raises Invalid."""
    if group_id is None:
        return None
    members.lock(group_id)
    group = contacts.find(group_id)
    if group is None:
        raise Invalid(errors=[Fault("/belongs_to", "unknown", "There is no such contact")])
    return group


def change(contact_id: UUID, patch: ContactPatch, *, version: int | None) -> ContactView:
    """Change a contact. Raises NotFound, PreconditionFailed, Invalid, SubjectErased."""
    contact = contacts.with_addresses(contact_id, version=version)
    if is_erased(contact):
        raise vault.SubjectErased
    changes = patch.changes()
    if not changes:
        return contacts.shown(contact.id)
    own = changes.pop("custom_fields", UNSET)
    gather(partial(apply, contact, changes), partial(FIELDS.apply, contact, own))
    # The version is the contact's as a whole, addresses and numbers included.
    contact.updated_at = clock.now()
    contacts.save()
    search.index(ENTITY, contact.id, texts(contact))
    publish(ContactChanged(contact_id=contact.id, fields=sorted(patch.changes())), of=contact)
    return contacts.written(contact.id)


def delete(contact_id: UUID, *, version: int | None) -> None:
    """Put a contact away. Raises StillHasMembers, StillInUse, NotFound, PreconditionFailed."""
    contact = contacts.get(contact_id, version=version)
    refuse_in_use(contact.id)
    contacts.remove(contact)
    publish(ContactDeleted(contact_id=contact.id))


def restore(contact_id: UUID) -> ContactView:
    """Bring back a contact that was put away. Raises NotFound, MergedAway, GroupIsDeleted."""
    contact = contacts.get_deleted(contact_id)
    if contact.merged_into is not None:
        raise MergedAway(contact.merged_into)
    if members.is_of_deleted(contact.id):
        raise GroupIsDeleted
    contact.deleted_at = None
    contacts.save()
    publish(ContactRestored(contact_id=contact.id))
    return contacts.written(contact.id)


def assign(contact_id: UUID, assignment: users.Assignment, *, version: int | None) -> ContactView:
    """Give a contact to another owner or team. Raises Invalid, NotFound, PreconditionFailed."""
    contact = contacts.get(contact_id, version=version)
    from_owner_id = contact.owner_id
    if not users.hand_over(contact, assignment):
        return contacts.shown(contact.id)
    contacts.save()
    publish(
        ContactAssigned(
            contact_id=contact.id,
            from_owner_id=from_owner_id,
            owner_id=contact.owner_id,
            team_id=contact.team_id,
        ),
        of=contact,
    )
    return contacts.written(contact.id)


def record_hand_over(what: HandedOver) -> None:
    """Write down that contacts got another owner because theirs left."""
    for row in what.rows:
        publish(
            ContactAssigned(
                contact_id=row.id,
                from_owner_id=what.from_owner_id,
                owner_id=what.owner_id,
                team_id=row.team_id,
                owner_left=True,
            ),
            of=what.changed,
        )


def held(subject: privacy.Subject) -> list[privacy.Holding]:
    """What is known about a person, under their own id and under those of whom they were merged with."""
    if subject.kind != ENTITY:
        return []
    people = stored.same_person(subject.id)
    every = [each for person in people for each in (person, *person.emails, *person.phones, *person.addresses)]
    ids = [person.id for person in people]
    return [privacy.held(each) for each in (*every, *members.memberships_of(ids), *_said(ids))]


def _said(ids: list[UUID]) -> list[Any]:
    return [*consents.of_people(ids), *merges.of_people(ids)]


def erase(subject: privacy.Subject) -> list[privacy.Outcome]:
    """Take the person out of a contact and what it was merged with; what points at it goes on doing so."""
    people = stored.same_person(subject.id) if subject.kind == ENTITY else []
    if not people:
        return []
    reached = {name: sum(len(getattr(each, name)) for each in people) for name in ("emails", "phones", "addresses")}
    ids = [person.id for person in people]
    undoable, places, (said, stood) = merges.of_people(ids), members.forget(ids), consents.forget(ids)
    for merge in undoable:
        stored.forget(merge)
    for person in people:
        empty(person)
    return [
        privacy.Outcome(table=Contact.__tablename__, rows=len(people)),
        privacy.Outcome(table=EmailAddress.__tablename__, rows=reached["emails"]),
        privacy.Outcome(table=PhoneNumber.__tablename__, rows=reached["phones"]),
        privacy.Outcome(table=PostalAddress.__tablename__, rows=reached["addresses"]),
        privacy.Outcome(table=Member.__tablename__, rows=places),
        privacy.Outcome(table=ConsentStatement.__tablename__, rows=said),
        privacy.Outcome(table=Consent.__tablename__, rows=stood),
        privacy.Outcome(table=Merge.__tablename__, rows=len(undoable)),
    ]


def empty(contact: Contact) -> None:
    """Leave nothing of a person but their place."""
    privacy.wipe(contact)
    contact.name, contact.sort_name = privacy.NAMELESS, search.sort_key(privacy.NAMELESS)
    contact.emails, contact.phones, contact.addresses = [], [], []
    contacts.save()
    search.forget(ENTITY, contact.id)


def refuse_in_use(contact_id: UUID) -> None:
    """Raise StillHasMembers or StillInUse where a contact cannot go."""
    if members.has_members(contact_id):
        raise StillHasMembers
    reasons = installed().hook.contacts_in_use(contact_id=contact_id)
    if reasons:
        raise StillInUse("; ".join(reasons))


def _given(draft: ContactDraft) -> dict[str, Any]:
    """What a draft says about the contact."""
    names = set(draft.__struct_fields__) - _APART
    return {name: value for name in names if (value := getattr(draft, name)) is not UNSET}


def apply(contact: Contact, changes: dict[str, Any]) -> None:
    """Check changes and make them. Raises Invalid with every fault."""
    country = changes.get("country", contact.country)
    derived = contact.name == _joined(contact) and "name" not in changes
    read: dict[str, Callable[[Any], Any]] = {
        "emails": details.emails,
        "phones": partial(details.phones, country=country),
        "addresses": details.addresses,
        "vat_number": partial(details.vat_number, country=country),
    }
    wanted = [name for name in read if changes.get(name)]
    _, *values = gather(partial(_check, contact, changes), *(partial(read[name], changes[name]) for name in wanted))
    stored = changes | dict(zip(wanted, values, strict=True))
    for name, value in stored.items():
        setattr(contact, name, value)
    contact.name = _joined(contact) if derived or not contact.name else contact.name
    if not contact.name:
        raise Invalid(errors=[Fault("/name", "required", "Give the contact a name")])
    contact.sort_name = search.sort_key(contact.name)


def _joined(contact: Contact) -> str:
    return " ".join(part for part in (contact.given_name, contact.family_name) if part)


def _check(contact: Contact, changes: dict[str, Any]) -> None:
    checks: dict[str, Callable[[Any], object]] = {
        "zone": fields.check_zone,
        "language": fields.check_language,
        "country": fields.check_country,
        "nationality": partial(fields.check_country, pointer="/nationality"),
    }
    wanted = [partial(check, changes[name]) for name, check in checks.items() if changes.get(name) is not None]
    gather(*wanted)


def texts(contact: Contact) -> list[str | None]:
    """The texts that find a contact."""
    names = [likeness.named(contact.name), contact.given_name, contact.family_name]
    return [*names, *(email.address for email in contact.emails), *(phone.number for phone in contact.phones)]
