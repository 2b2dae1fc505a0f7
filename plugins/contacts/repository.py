"""Queries for contacts."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, func, select, type_coerce
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import InstrumentedAttribute, selectinload

from core.sdk import RANGE, Filter, Instant, Listing, ListQuery, Ownership, Page, Repository, StructJSON, db, read

from .models import Contact, EmailAddress, PhoneNumber
from .schemas import ContactRow, ContactView, EmailEntry, PhoneEntry


def preferred(column: InstrumentedAttribute[str], contact_id: Any) -> ScalarSelect[str]:
    """The preferred address or number of the contact another column points at."""
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


ROW = select(
    *read.columns(
        ContactRow,
        Contact,
        email=preferred(EmailAddress.address, Contact.id),
        phone=preferred(PhoneNumber.number, Contact.id),
    )
)
WHOLE = select(
    *read.columns(
        ContactView,
        Contact,
        emails=_every(EmailAddress.address, EmailEntry),
        phones=_every(PhoneNumber.number, PhoneEntry),
    )
)


class Contacts(Repository[Contact]):
    """An agency's contacts, within the caller's scope."""

    model = Contact
    permission = "contacts.read"
    ownership = Ownership(Contact.owner_id, Contact.team_id)
    listing = Listing(
        filters={
            "kind": Filter(Contact.kind, Literal["person", "household", "company"], "Kind of contact."),
            "language": Filter(Contact.language, str, "Language, BCP 47."),
            "country": Filter(Contact.country, str, "Country of residence, ISO 3166-1."),
            "belongs_to": Filter(Contact.belongs_to, UUID, "Members of a household or company."),
            "email": Filter(EmailAddress.address, str, "Exact e-mail address.", via=EmailAddress.contact_id),
            "phone": Filter(PhoneNumber.number, str, "Exact phone number, E.164.", via=PhoneNumber.contact_id),
            "owner_id": Filter(Contact.owner_id, UUID, "Owning user."),
            "team_id": Filter(Contact.team_id, UUID, "Owning team."),
            "created_at": Filter(Contact.created_at, Instant, "When it was added.", RANGE),
            "updated_at": Filter(Contact.updated_at, Instant, "When it last changed.", RANGE),
        },
        sorts={"created_at": Contact.created_at, "updated_at": Contact.updated_at, "name": Contact.sort_name},
        search="contacts.contact",
    )

    def rows(self, query: ListQuery) -> Page[ContactRow]:
        """A page of contacts."""
        return self.page(query, ROW, ContactRow)

    def shown(self, contact_id: UUID) -> ContactView:
        """A contact. Raises NotFound."""
        return self.view(contact_id, WHOLE, ContactView)

    def with_addresses(self, contact_id: UUID, *, version: int | None) -> Contact:
        """A contact for changing it, addresses and numbers loaded. Raises NotFound, PreconditionFailed."""
        contact = self.get(contact_id, version=version)
        statement = (
            select(Contact)
            .where(Contact.id == contact.id)
            .options(selectinload(Contact.emails), selectinload(Contact.phones))
            .execution_options(populate_existing=True)
        )
        return db.session.scalars(statement).one()

    def has_members(self, contact_id: UUID) -> bool:
        """Whether people belong to a household or company."""
        return db.session.scalar(select(Contact.id).where(Contact.belongs_to == contact_id).limit(1)) is not None


contacts = Contacts()
