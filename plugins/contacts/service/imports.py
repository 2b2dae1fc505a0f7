"""Contacts from files: the columns they can have, how duplicates are known, and what takes one back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.sdk import NotFound, duplicates, imports, publish, search

from .. import permissions
from ..errors import StillInUse
from ..events import ContactDeleted
from ..models import FIELDS
from ..repository import contacts, members
from ..repository import duplicates as told_apart
from ..schemas import ContactDraft
from . import contacts as service
from . import duplicates as alike
from .duplicates import Sought
from .headings import HEADINGS

COLUMNS = (
    imports.Column(
        "name",
        "/name",
        synonyms=("full name", "client", "client name", "customer", "display name", *HEADINGS["name"]),
    ),
    imports.Column(
        "given_name",
        "/given_name",
        synonyms=("first name", "firstname", "forename", *HEADINGS["given_name"]),
    ),
    imports.Column(
        "family_name",
        "/family_name",
        synonyms=("last name", "lastname", "surname", *HEADINGS["family_name"]),
    ),
    imports.Column("kind", "/kind", "choice", choices=("person", "household", "company"), synonyms=("type",)),
    imports.Column(
        "email",
        "/emails/0/address",
        "email",
        title="E-mail",
        synonyms=("e-mail address", "email 1", "primary email", "mail", *HEADINGS["email"]),
    ),
    imports.Column(
        "email_2", "/emails/1/address", "email", title="E-mail 2", synonyms=("secondary email", "other email")
    ),
    imports.Column(
        "phone",
        "/phones/0/number",
        "phone",
        synonyms=("telephone", "phone number", "phone 1", "tel", *HEADINGS["phone"]),
    ),
    imports.Column(
        "phone_2",
        "/phones/1/number",
        "phone",
        title="Phone 2",
        synonyms=("mobile", "mobile phone", "cell", "cell phone", "whatsapp", *HEADINGS["phone_2"]),
    ),
    imports.Column("language", "/language", "language", synonyms=("preferred language", *HEADINGS["language"])),
    imports.Column("country", "/country", "country", synonyms=("country of residence", *HEADINGS["country"])),
    imports.Column("nationality", "/nationality", "country", synonyms=("citizenship", *HEADINGS["nationality"])),
    imports.Column("zone", "/zone", "zone", title="Time zone", synonyms=("timezone",)),
    imports.Column("note", "/note", synonyms=("notes", "comment", "comments", "remarks", *HEADINGS["note"])),
    imports.Column("owner_id", "/owner_id", "member", title="Owner", synonyms=("agent", "assigned to", "consultant")),
    imports.Column("team_id", "/team_id", "team", title="Team", synonyms=("department", "office")),
)


def understand(draft: ContactDraft) -> tuple[ContactDraft, Sought]:
    """What a row says, and what others are compared with. Raises Invalid for numbers that are none."""
    return draft, alike.sought_of(draft)


def keys(one: Sought, least: int) -> Iterator[str]:
    """What contacts have in common that are, as sure as that at least, the same."""
    yield from (f"@{each}" for each in one.emails)
    yield from (f"+{each}" for each in one.phones)
    yield from (f"~{each}" for each in alike.name_keys(one, least))


def weigh(one: Sought, other: Sought) -> tuple[int, Sequence[duplicates.Reason]]:
    """How sure it is that two are the same."""
    if one.kind != other.kind:
        return 0, ()
    reasons = alike.reasons(one, name=other.name, emails=other.emails, phones=other.phones)
    return duplicates.score(reasons), reasons


def found(one: Sought, least: int) -> list[imports.Twin]:
    """The contacts there are that are, as sure as that at least, the same."""
    return [
        imports.Twin(each.duplicate.id, each.duplicate.score, each.duplicate.reasons, each.within, each.duplicate.id)
        for each in alike.like(one, least=least)
    ]


def make(draft: ContactDraft) -> imports.Made:
    """Add a contact as its route does."""
    contact_id = service.add(draft)
    return imports.Made(contact_id, contact_id)


def unmake(made: imports.Made) -> str | None:
    """Remove a contact as if it had never been. Raises NotFound, StillHasMembers, StillInUse."""
    contact = contacts.anybodys(made.id)
    if contact is None:
        raise NotFound
    if contact.deleted_at is not None or contact.merged_into is not None:
        raise StillInUse("It was deleted or merged since")
    if members.memberships_of([contact.id]) or told_apart.is_told_apart(contact.id):
        raise StillInUse("It is of a household or company, or was told apart from another one")
    service.refuse_in_use(contact.id)
    search.forget(service.ENTITY, contact.id)
    contacts.remove_for_good(contact)
    publish(ContactDeleted(contact_id=contact.id))
    return None


CONTACTS = imports.Importer(
    entity=service.ENTITY,
    title="Contacts",
    permission=permissions.WRITE,
    draft=ContactDraft,
    columns=COLUMNS,
    make=make,
    unmake=unmake,
    understand=understand,
    likeness=imports.Likeness(found, keys, weigh),
    custom_fields=FIELDS,
)
