"""Leads from files: the columns they can have, whose they are, how duplicates are known, and what takes one back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from msgspec import structs

from core.sdk import UNSET, Conflict, NotFound, clock, duplicates, imports, publish, search, under
from plugins.contacts import api as contacts

from .. import permissions
from ..events import LeadDeleted
from ..models import FIELDS
from ..repository import duplicates as told_apart
from ..repository import leads
from ..schemas import LeadDraft
from . import duplicates as alike
from . import leads as service

SAME_CLIENT = 85
"""From which likeness on a row is an enquiry of a contact that is there."""
LEAST = 75
"""The same client with the same place, or with days near each other."""
_UNKNOWN = UUID(int=0)
# In the languages of `contacts.HEADINGS`, without accents. How many children come says nothing of their ages.
_STARTS = (
    *("Abreise", "Abreisedatum", "Anreise", "Reisedatum", "depart", "date de depart", "date de voyage", "salida"),
    *("fecha de salida", "fecha de viaje", "partenza", "data di partenza", "data del viaggio", "partida"),
    *("data de partida", "data de ida", "data da viagem"),
)
_ENDS = (
    *("Ruckreise", "Ruckreisedatum", "Ruckkehr", "retour", "date de retour", "regreso", "fecha de regreso"),
    *("fecha de vuelta", "ritorno", "data di ritorno", "regresso", "data de regresso", "data de volta"),
)


def _client(name: str, path: str, kind: imports.Kind = "text", *synonyms: str, title: str = "") -> imports.Column:
    called = (*synonyms, *contacts.HEADINGS.get(name, ()))
    return imports.Column(f"contact_{name}", f"/contact{path}", kind, title=title, synonyms=called)


COLUMNS = (
    _client(
        "name", "/name", "text", "name", "client", "client name", "full name", "customer", "lead name", title="Client"
    ),
    _client("given_name", "/given_name", "text", "first name", "given name", "firstname"),
    _client("family_name", "/family_name", "text", "last name", "family name", "surname", "lastname"),
    imports.Column(
        "contact_kind", "/contact/kind", "choice", choices=("person", "household", "company"), title="Kind of client"
    ),
    _client("email", "/emails/0/address", "email", "email", "e-mail", "e-mail address", "mail", title="E-mail"),
    _client("phone", "/phones/0/number", "phone", "phone", "phone number", "telephone", "tel", "mobile", title="Phone"),
    _client("phone_2", "/phones/1/number", "phone", "phone 2", "whatsapp", title="Phone 2"),
    _client("country", "/country", "country", "country", "country of residence", title="Country"),
    imports.Column("contact_id", "/contact_id", "id", title="Client (id)"),
    imports.Column("kind", "/kind", "choice", choices=("fit", "group", "corporate", "mice"), synonyms=("trip type",)),
    imports.Column(
        "source",
        "/source",
        synonyms=("lead source", "channel", "origin", "Quelle", "origine", "origen", "fonte", "origem"),
    ),
    imports.Column("priority", "/priority", "choice", choices=("low", "normal", "high", "urgent")),
    imports.Column(
        "destinations",
        "/destinations",
        "list",
        synonyms=("destination", "where", "Reiseziel", "Ziel", "destino", "destinos", "destinazione"),
    ),
    imports.Column("departure_city", "/departure_city", synonyms=("departure", "from", "departing from")),
    imports.Column(
        "date_mode", "/date_mode", "choice", choices=("fixed", "window", "month", "undecided"), title="Dates are"
    ),
    imports.Column(
        "start_date",
        "/start_date",
        "date",
        synonyms=("departure date", "travel date", "check in", "arrival", "start", *_STARTS),
    ),
    imports.Column("end_date", "/end_date", "date", synonyms=("return date", "check out", "end", *_ENDS)),
    imports.Column("flex_days", "/flex_days", "integer", synonyms=("flexibility",)),
    imports.Column(
        "nights",
        "/nights",
        "integer",
        synonyms=("duration", "number of nights", "Nachte", "nuits", "noches", "notti", "noites"),
    ),
    imports.Column(
        "adults",
        "/adults",
        "integer",
        synonyms=("pax", "travellers", "travelers", "number of adults", "Erwachsene", "adultes", "adultos", "adulti"),
    ),
    imports.Column("children_ages", "/children_ages", "numbers", synonyms=("ages of children", "child ages")),
    imports.Column("infants", "/infants", "integer"),
    imports.Column("rooms", "/rooms", "integer", synonyms=("Zimmer", "chambres", "habitaciones", "camere", "quartos")),
    imports.Column("budget", "/budget/amount", "amount", synonyms=("budget amount", "presupuesto", "orcamento")),
    imports.Column(
        "budget_currency",
        "/budget/currency",
        "currency",
        title="Budget (currency)",
        synonyms=("currency", "Wahrung", "devise", "moneda", "valuta", "moeda"),
    ),
    imports.Column("budget_per", "/budget_per", "choice", choices=("trip", "person", "night")),
    imports.Column("hotel_category", "/hotel_category", "integer", synonyms=("stars", "hotel stars")),
    imports.Column("board", "/board", "choice", choices=("RO", "BB", "HB", "FB", "AI"), synonyms=("meal plan",)),
    imports.Column("pace", "/pace", "choice", choices=("relaxed", "moderate", "intense")),
    imports.Column("interests", "/interests", "list"),
    imports.Column("occasion", "/occasion"),
    imports.Column("value", "/value/amount", "amount", synonyms=("deal value", "amount", "expected value")),
    imports.Column("value_currency", "/value/currency", "currency", title="Value (currency)"),
    imports.Column("probability", "/probability", "integer"),
    imports.Column("expected_close", "/expected_close", "date", synonyms=("closing date", "close date")),
    imports.Column(
        "next_action_at", "/next_action_at", "instant", synonyms=("follow up", "follow up date", "next step on")
    ),
    imports.Column("next_action", "/next_action", synonyms=("next step",)),
    imports.Column("tags", "/tags", "list", synonyms=("labels",)),
    imports.Column(
        "note",
        "/note",
        synonyms=("notes", "message", "comment", "comments", "enquiry", "remarks", *contacts.HEADINGS["note"]),
    ),
    imports.Column("language", "/language", "language", synonyms=contacts.HEADINGS["language"]),
    imports.Column("zone", "/zone", "zone", title="Time zone", synonyms=("timezone",)),
    imports.Column("nationality", "/nationality", "country", synonyms=contacts.HEADINGS["nationality"]),
    imports.Column("residency", "/residency", "country"),
    imports.Column("owner_id", "/owner_id", "member", title="Owner", synonyms=("agent", "assigned to", "consultant")),
    imports.Column("team_id", "/team_id", "team", title="Team", synonyms=("department", "office")),
    imports.Column("brand_id", "/brand_id", "brand", title="Brand"),
)


class Wanted(NamedTuple):
    """What other leads are compared with: who asks, when and for where."""

    contact_id: UUID
    client: contacts.Sought | None
    clients: dict[UUID, duplicates.Reason]
    """Who there is that may be asking."""
    start_date: date | None
    end_date: date | None
    destinations: list[str]
    created_at: datetime
    status: str = "new"


def understand(draft: LeadDraft) -> tuple[LeadDraft, Wanted]:
    """A row as an enquiry of the contact it tells of, where there is one whom the caller may see. Raises Invalid."""
    known = False
    if draft.contact is not UNSET and draft.contact_id is not UNSET:
        # What was exported tells both; elsewhere its ids are nobody's.
        known = contacts.exists(draft.contact_id)
        draft = structs.replace(draft, contact=UNSET) if known else structs.replace(draft, contact_id=UNSET)
    client: contacts.Sought | None = None
    clients: dict[UUID, duplicates.Reason] = {}
    if draft.contact is not UNSET:
        with under("/contact"):
            client = contacts.sought_of(draft.contact)
        others = contacts.like(client)
        clients = alike.alike(others)
        best = max((each for each in others if each.within), key=lambda each: each.duplicate.score, default=None)
        if best is not None and best.duplicate.score >= SAME_CLIENT:
            clients[best.duplicate.id] = alike.SAME
            draft = structs.replace(draft, contact=UNSET, contact_id=best.duplicate.id)
    elif draft.contact_id is not UNSET:
        if known or contacts.exists(draft.contact_id):
            clients = alike.clients(draft.contact_id)
    else:
        # Nobody is named: to be told with all else that is wrong with the row.
        draft = structs.replace(draft, contact=contacts.ContactDraft())
    contact_id = draft.contact_id if draft.contact_id is not UNSET else _UNKNOWN
    days = (draft.start_date, draft.end_date)
    return draft, Wanted(contact_id, client, clients, *days, draft.destinations, clock.now())


def keys(wanted: Wanted, _least: int) -> Iterator[str]:
    """What leads of one client have in common."""
    if wanted.contact_id != _UNKNOWN:
        yield str(wanted.contact_id)
    if wanted.client is not None:
        # Of clients who are less sure to be one, days and places may make a lead the same.
        yield from contacts.keys(wanted.client, duplicates.LEAST)


def found(wanted: Wanted, _least: int) -> list[imports.Twin]:
    """The leads there are that may be the same."""
    days = alike.days(wanted.start_date, wanted.end_date)
    others = alike.like(alike.Sought(wanted.clients, days, wanted.destinations))
    return [imports.Twin(told.id, told.score, told.reasons, row.within, row.contact_id) for told, row in others]


def weigh(one: Wanted, other: Wanted) -> tuple[int, Sequence[duplicates.Reason]]:
    """How sure it is that two rows are one enquiry."""
    client = _one_client(one, other)
    if client is None:
        return 0, ()
    days = alike.days(one.start_date, one.end_date)
    return alike.weigh(alike.Sought({other.contact_id: client}, days, one.destinations), other)


def _one_client(one: Wanted, other: Wanted) -> duplicates.Reason | None:
    if one.client is None or other.client is None:
        return alike.SAME if one.contact_id == other.contact_id != _UNKNOWN else None
    score, _ = contacts.weigh(one.client, other.client)
    if score >= SAME_CLIENT:
        # The second row would become an enquiry of the first one's contact.
        return alike.SAME
    if score < duplicates.LEAST:
        return None
    return duplicates.Reason("alike_client", round(alike.ALIKE_CLIENT * score), other.client.name)


def make(draft: LeadDraft) -> imports.Made:
    """Take in a lead as its route does."""
    lead = service.add(draft, imported=True)
    return imports.Made(lead.id, lead.contact_id, with_person=draft.contact is not UNSET)


def unmake(made: imports.Made) -> str | None:
    """Remove a lead as if it had never been, and the contact that came with it. Raises NotFound, Conflict."""
    lead = leads.anybodys(made.id)
    if lead is None:
        raise NotFound
    if lead.deleted_at is not None or lead.merged_into is not None or told_apart.is_told_apart(lead.id):
        raise Conflict("It was deleted, merged or told apart from another one since")
    search.forget(service.ENTITY, lead.id)
    leads.remove_for_good(lead)
    publish(LeadDeleted(lead_id=lead.id))
    if not made.with_person or made.person_id is None:
        return None
    try:
        return contacts.unmake(imports.Made(made.person_id, made.person_id))
    except Conflict as stays:
        # Another lead is of the same contact by now.
        return stays.code


LEADS = imports.Importer(
    entity=service.ENTITY,
    title="Leads",
    permission=permissions.WRITE,
    draft=LeadDraft,
    columns=COLUMNS,
    make=make,
    unmake=unmake,
    understand=understand,
    likeness=imports.Likeness(found, keys, weigh),
    custom_fields=FIELDS,
    least=LEAST,
)
