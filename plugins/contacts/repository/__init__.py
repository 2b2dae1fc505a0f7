"""Queries for contacts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    CompoundSelect,
    ScalarSelect,
    Select,
    Uuid,
    bindparam,
    func,
    select,
    type_coerce,
    union,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import InstrumentedAttribute, aliased, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from core.sdk import (
    OPTIONAL,
    RANGE,
    UNSET,
    Filter,
    Instant,
    Invalid,
    Listed,
    Listing,
    ListQuery,
    NotFound,
    Ownership,
    Page,
    Repository,
    StructJSON,
    db,
    fields,
    merging,
    read,
)

from ..models import FIELDS, Consent, Contact, EmailAddress, Member, PhoneNumber
from ..schemas import ContactRow, ContactView, EmailEntry, Kind, NewContact, PhoneEntry
from ..schemas.members import MembershipView
from .addresses import ADDRESSES, POSTAL
from .standing import GIVEN, IN_FORCE, STANDING

_MOST_SHARING = 50
REACHED = (selectinload(Contact.emails), selectinload(Contact.phones), selectinload(Contact.addresses))


def name_of(contact_id: Any) -> ScalarSelect[str | None]:
    """A column with the name of the contact another column points at, for use in a SELECT."""
    named = select(Contact.name).where(Contact.id == contact_id)
    return named.correlate_except(Contact).scalar_subquery()


def email_of(contact_id: Any) -> ScalarSelect[str]:
    """A column with the preferred e-mail address of the contact another column points at."""
    return _preferred(EmailAddress.address, contact_id)


def phone_of(contact_id: Any) -> ScalarSelect[str]:
    """A column with the preferred phone number, E.164, of the contact another column points at."""
    return _preferred(PhoneNumber.number, contact_id)


def _preferred(column: InstrumentedAttribute[str], contact_id: Any) -> ScalarSelect[str]:
    of = column.class_
    chosen = select(column).where(of.contact_id == contact_id).order_by(of.position).limit(1)
    return chosen.correlate_except(of).scalar_subquery()


def _every(column: InstrumentedAttribute[str], kind: type[EmailEntry | PhoneEntry]) -> ColumnElement[Any]:
    """All addresses or numbers of a contact as one JSON list, so that a contact is one row whatever it has."""
    of = column.class_
    entry = func.jsonb_build_object(column.key, column, "label", of.label)
    entries = func.coalesce(func.jsonb_agg(aggregate_order_by(entry, of.position)), func.jsonb_build_array())
    every = select(entries).where(of.contact_id == Contact.id).correlate(Contact).scalar_subquery()
    return type_coerce(every, StructJSON(list[kind]))  # type: ignore[valid-type] # a runtime type


def _stored_number(phone: str) -> str:
    """A number as it is stored; what cannot be one is looked for as it is, and not found."""
    try:
        return fields.to_e164(phone)
    except Invalid:
        return phone


ROW = select(
    *read.columns(
        ContactRow,
        Contact,
        email=email_of(Contact.id),
        phone=phone_of(Contact.id),
        consents=GIVEN,
        custom_fields=FIELDS.column(),
    )
)


def _whole(view: type[ContactView], **others: Any) -> list[Any]:
    emails, phones = _every(EmailAddress.address, EmailEntry), _every(PhoneNumber.number, PhoneEntry)
    derived: dict[str, Any] = {"memberships": _memberships(), "addresses": ADDRESSES, "postal_address": POSTAL}
    derived |= {"emails": emails, "phones": phones, "consents": STANDING, "custom_fields": FIELDS.column()}
    return read.columns(view, Contact, **derived, **others)


def _memberships() -> ColumnElement[Any]:
    """The households and companies of a contact that are not put away, as one JSON list."""
    group = aliased(Contact)
    said = {"group_id": group.id, "kind": group.kind, "name": group.name, "role": Member.role}
    said |= {"primary": Member.is_primary}
    entry = func.jsonb_build_object(*(part for pair in said.items() for part in pair))
    entries = func.coalesce(func.jsonb_agg(aggregate_order_by(entry, Member.created_at)), func.jsonb_build_array())
    mine = select(entries).join(group, group.id == Member.group_id).where(Member.contact_id == Contact.id)
    return type_coerce(mine.correlate(Contact).scalar_subquery(), StructJSON(list[MembershipView]))


WHOLE = select(*_whole(ContactView))


def sharing(contact_id: Any) -> CompoundSelect[UUID]:
    """Other contacts with an address or a number of the one a column points at, for use in a SELECT."""
    return union(_sharing(EmailAddress.address, contact_id), _sharing(PhoneNumber.number, contact_id))


def reached_by(contact_ids: Sequence[UUID]) -> list[str]:
    """Every e-mail address and number of some contacts, whoever may see them."""
    emails = select(EmailAddress.address).where(EmailAddress.contact_id.in_(contact_ids))
    phones = select(PhoneNumber.number).where(PhoneNumber.contact_id.in_(contact_ids))
    return [*db.session.scalars(emails.union(phones))] if contact_ids else []


def _sharing(column: InstrumentedAttribute[str], contact_id: Any) -> Select[UUID]:
    of, theirs = column.class_, aliased(column.class_)
    others = select(theirs.contact_id).where(getattr(theirs, column.key) == column, theirs.contact_id != of.contact_id)
    # What a thousand have is no news a thousand times.
    return select(others.where(of.contact_id == contact_id).limit(_MOST_SHARING).subquery().c.contact_id)


def _possible_duplicates() -> ScalarSelect[int]:
    them = aliased(Contact)
    others = sharing(bindparam("wanted_id", type_=Uuid()))
    return select(func.count()).select_from(them).where(them.id.in_(others)).scalar_subquery()


def _new(*row: Any) -> NewContact:
    values = (*row[:-1], row[-1] or UNSET)
    return NewContact(*values)


NEW = select(*_whole(NewContact, possible_duplicates=_possible_duplicates()))


def _with_merged(of: Contacts) -> read.Query[list[UUID]]:
    gone = aliased(Contact)
    merged = select(gone.id).where(gone.merged_into == Contact.id).order_by(gone.id).correlate(Contact)
    wanted = (Contact.id == bindparam("wanted_id", type_=Uuid()), Contact.deleted_at.is_(None), of.in_scope())
    statement = select(func.array(merged.scalar_subquery(), type_=ARRAY(Uuid()))).where(*wanted)
    return read.Query(statement, lambda ids: ids, include_deleted=True)


class Contacts(Repository[Contact]):
    """An agency's contacts, within the caller's scope."""

    model = Contact
    permission = "contacts.read"
    subject = "contacts.contact"
    ownership = Ownership(Contact.owner_id, Contact.team_id, given_with="contacts.assign")
    listing = Listing(
        filters={
            "kind": Filter(Contact.kind, Kind, "Kind of contact."),
            "language": Filter(Contact.language, str, "Language, BCP 47.", OPTIONAL),
            "country": Filter(Contact.country, str, "Country of residence, ISO 3166-1.", OPTIONAL),
            "belongs_to": Filter(Member.group_id, UUID, "Household or company of a person.", via=Member.contact_id),
            "email": Filter(
                EmailAddress.address, str, "E-mail address.", via=EmailAddress.contact_id, stored=str.lower
            ),
            "phone": Filter(
                PhoneNumber.number, str, "Phone number, E.164.", via=PhoneNumber.contact_id, stored=_stored_number
            ),
            "consent": Filter(
                Consent.given_for, str, "What they may be contacted for, and how: `newsletter:email`.", via=IN_FORCE
            ),
            "owner_id": Filter(Contact.owner_id, UUID, "Owning user.", OPTIONAL),
            "team_id": Filter(Contact.team_id, UUID, "Owning team.", OPTIONAL),
            "created_at": Filter(Contact.created_at, Instant, "When it was added.", RANGE),
            "updated_at": Filter(Contact.updated_at, Instant, "When it last changed.", RANGE),
        },
        sorts={"created_at": Contact.created_at, "updated_at": Contact.updated_at, "name": Contact.sort_name},
        search={"contacts.contact": Contact.id},
        custom_fields=FIELDS,
    )

    def rows(self, query: ListQuery) -> Page[ContactRow]:
        """A page of contacts."""
        return self.page(query, ROW, ContactRow)

    def shown(self, contact_id: UUID) -> ContactView:
        """A contact. Raises NotFound, MergedAway."""
        try:
            return self.view(contact_id, WHOLE, ContactView)
        except NotFound:
            merging.refuse_merged(self, contact_id)
            raise

    def get(self, entity_id: UUID, *, version: int | None = None, options: Sequence[ORMOption] = ()) -> Contact:
        """A contact for changing it. Raises NotFound, MergedAway, PreconditionFailed."""
        try:
            return super().get(entity_id, version=version, options=options)
        except NotFound:
            merging.refuse_merged(self, entity_id)
            raise

    def name_within(self, contact_id: UUID) -> str | None:
        """What a contact is called; None where the caller sees no such contact."""
        query = self.prepared(("name_within", self.scope()), self._name_within)
        return query.first(wanted_id=contact_id, **self.scope_values())

    def _name_within(self) -> read.Query[str]:
        wanted = (Contact.id == bindparam("wanted_id", type_=Uuid()), self.in_scope())
        return read.Query(select(Contact.name).where(*wanted), str)

    def with_merged(self, contact_id: UUID) -> list[UUID]:
        """A contact's id, and those of the contacts that went into it. Raises NotFound, MergedAway."""
        query = self.prepared(("with_merged", self.scope()), lambda: _with_merged(self))
        found = query.first(wanted_id=contact_id, **self.scope_values())
        if found is None:
            merging.refuse_merged(self, contact_id)
            raise NotFound
        return [contact_id, *found]

    def locked(self, contact_id: UUID) -> Contact:
        """A contact that nobody else changes before this unit of work ends. Raises as `get` does."""
        db.session.execute(select(Contact.id).where(Contact.id == contact_id).with_for_update())
        return self.get(contact_id)

    def written(self, contact_id: UUID) -> ContactView:
        """A contact the caller has just written, even where that took it out of their scope."""
        return self.view_after_change(contact_id, WHOLE, ContactView)

    def taken_in(self, contact_id: UUID) -> NewContact:
        """A contact that was just added, with how many others it may be: no statement of its own."""
        return self.view_after_change(contact_id, NEW, _new)

    def with_addresses(self, contact_id: UUID, *, version: int | None) -> Contact:
        """A contact for changing it, addresses and numbers loaded. Raises NotFound, PreconditionFailed."""
        return self.get(contact_id, version=version, options=REACHED)

    def is_kept(self, contact_id: UUID) -> bool:
        """Whether there is such a contact and it is not deleted, whether or not the caller may see it."""
        return db.session.scalar(select(Contact.id).where(Contact.id == contact_id)) is not None

    def anybodys(self, contact_id: UUID) -> Contact | None:
        """A contact with its addresses, deleted or not, whether or not the caller may see it."""
        mine = select(Contact).where(Contact.id == contact_id).options(*REACHED)
        return db.session.scalar(mine, execution_options={"include_deleted": True})


contacts = Contacts()
CONTACTS = Listed("Contacts", contacts, ContactRow, contacts.rows, FIELDS)
