"""Writing the people of a made-up agency, as the service would have written each."""

from __future__ import annotations

from random import Random
from typing import Any

from core.sdk import bulk, demo, ids, likeness, search

from ..events import ContactCreated
from ..models import Contact, EmailAddress, PhoneNumber
from ..service.contacts import ENTITY
from .consents import Consents
from .households import Households
from .people import Known, count, made_up


def fill(world: demo.World, random: Random) -> None:
    """Bring the people who ask, with addresses, numbers, what they said, and who belongs to them."""
    said, together = Consents(world), Households(world)
    for some in world.portions(made_up(world), count=count(world)):
        rows = [_row(person) for person in some]
        bulk.insert(Contact, rows)
        bulk.insert(EmailAddress, (_first(each, random, address=each.email) for each in some if each.email))
        bulk.insert(PhoneNumber, (_first(each, random, number=each.phone) for each in some if each.phone))
        bulk.index(ENTITY, ((each.id, _texts(each)) for each in some))
        world.tell(_told(person, row) for person, row in zip(some, rows, strict=True))
        together.write(some)
        said.write(some)


def _row(person: Known) -> dict[str, Any]:
    name = f"{person.given_name} {person.family_name}"
    apart = {"since", "email", "phone", "taken_in_by"}
    columns = {key: value for key, value in person._asdict().items() if key not in apart}
    return {**columns, "kind": "person", "name": name, "sort_name": search.sort_key(name), **_times(person)}


def _texts(person: Known) -> list[str | None]:
    return [likeness.named(f"{person.given_name} {person.family_name}"), person.email, person.phone]


def _first(person: Known, random: Random, **what: str) -> dict[str, Any]:
    """The first address or number of a person."""
    return {"id": ids.at(person.since, random), "contact_id": person.id, "position": 0, **what, **_times(person)}


def _times(person: Known) -> dict[str, Any]:
    return {"created_at": person.since, "updated_at": person.since}


def _told(person: Known, row: dict[str, Any]) -> demo.Fact:
    event = ContactCreated(contact_id=person.id, kind="person")
    return demo.Fact(event=event, at=person.since, user_id=person.taken_in_by, after=bulk.facts(Contact, row))
