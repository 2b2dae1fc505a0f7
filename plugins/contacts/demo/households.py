"""The families and the firms of some of the people who ask a made-up agency."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from core.sdk import bulk, demo, ids, likeness, search

from ..events import ContactCreated, MemberAdded
from ..models import Contact, Member, PostalAddress
from ..service.contacts import ENTITY
from .homes import HOMES
from .people import Known

_FAMILIES, _FIRMS, _WITH_CHILD = 0.035, 0.015, 0.4
_FAMILY = {"de": "Familie {}", "pt": "Família {}", "fr": "Famille {}", "ar": "عائلة {}"}
_FIRM = {"de": "{} GmbH", "pt": "{} Lda", "fr": "{} SARL", "ar": "شركة {}"}
_OTHERS = {"family": "{} family", "firm": "{} Ltd"}
_STREETS = {
    "GB": ("High Street {}", "London"),
    "DE": ("Lindenstraße {}", "Berlin"),
    "PT": ("Rua das Flores {}", "Porto"),
    "FR": ("{} rue Royale", "Lyon"),
    "US": ("{} Maple Avenue", "Boston"),
    "IN": ("{} Park Street", "Pune"),
    "SA": ("{} شارع العليا", "الرياض"),
    "AE": ("{} شارع الشاطئ", "دبي"),
    "KW": ("{} شارع الخليج", "الكويت"),
    "EG": ("{} شارع النيل", "القاهرة"),
}


class _Joined(NamedTuple):
    """A group with who is of it: the one who asks, and others made up with it."""

    group: dict[str, Any]
    asks: Known
    role: str
    others: list[tuple[dict[str, Any], str]]


class Households:
    """Where an agency writes down who belongs together."""

    def __init__(self, world: demo.World) -> None:
        self._world = world
        self._random = world.stream("contacts.households")

    def write(self, people: Sequence[Known]) -> None:
        """Write the households and companies of some people, with those of the family who never asked."""
        made = [joined for person in people for joined in self._joined(person)]
        rows = [row for each in made for row in (each.group, *(other for other, _ in each.others))]
        bulk.insert(Contact, rows)
        bulk.insert(Member, (row for each in made for row in self._members(each)))
        bulk.insert(PostalAddress, (self._address(each) for each in made))
        bulk.index(ENTITY, ((row["id"], _texts(row)) for row in rows))
        self._world.tell(fact for each in made for fact in _told(each))

    def _joined(self, person: Known) -> Iterator[_Joined]:
        drawn = self._random.random()
        if drawn < _FAMILIES:
            name = _FAMILY.get(person.language, _OTHERS["family"]).format(person.family_name)
            others = [(self._relative(person), "spouse")]
            if self._random.random() < _WITH_CHILD:
                others.append((self._relative(person), "child"))
            yield _Joined(self._contact(person, "household", name), person, "spouse", others)
        elif drawn < _FAMILIES + _FIRMS:
            name = _FIRM.get(person.language, _OTHERS["firm"]).format(person.family_name)
            yield _Joined(self._contact(person, "company", name), person, "travel_manager", [])

    def _relative(self, person: Known) -> dict[str, Any]:
        given = self._random.choice(HOMES[person.country].given).partition(":")[0]
        names = {"given_name": given, "family_name": person.family_name}
        return self._contact(person, "person", f"{given} {person.family_name}", **names)

    def _contact(self, person: Known, kind: str, name: str, **names: str) -> dict[str, Any]:
        return {
            "id": ids.at(person.since, self._random),
            "kind": kind,
            "name": name,
            "sort_name": search.sort_key(name),
            "given_name": names.get("given_name"),
            "family_name": names.get("family_name"),
            "language": person.language,
            "country": person.country,
            "owner_id": person.owner_id,
            "team_id": person.team_id,
            **_times(person),
        }

    def _members(self, joined: _Joined) -> Iterator[dict[str, Any]]:
        everybody = [(joined.asks.id, joined.role), *((row["id"], role) for row, role in joined.others)]
        for number, (contact_id, role) in enumerate(everybody):
            yield {
                "id": ids.at(joined.asks.since, self._random),
                "group_id": joined.group["id"],
                "group_kind": joined.group["kind"],
                "contact_id": contact_id,
                "role": role,
                "is_primary": number == 0,
                **_times(joined.asks),
            }

    def _address(self, joined: _Joined) -> dict[str, Any]:
        street, city = _STREETS[joined.asks.country]
        return {
            "id": ids.at(joined.asks.since, self._random),
            "contact_id": joined.group["id"],
            "position": 0,
            "kind": "home" if joined.group["kind"] == "household" else "billing",
            "lines": street.format(self._random.randrange(1, 120)),
            "postal_code": None,
            "city": city,
            "region": None,
            "country": joined.asks.country,
            **_times(joined.asks),
        }


def _times(person: Known) -> dict[str, Any]:
    return {"created_at": person.since, "updated_at": person.since}


def _texts(row: dict[str, Any]) -> list[str | None]:
    return [likeness.named(row["name"])]


def _told(joined: _Joined) -> Iterator[demo.Fact]:
    """A group comes to be, then who is of it."""
    asks = joined.asks
    at, user_id = asks.since + timedelta(seconds=1), asks.taken_in_by
    for row in (joined.group, *(other for other, _ in joined.others)):
        event = ContactCreated(contact_id=row["id"], kind=row["kind"])
        yield demo.Fact(event=event, at=at, user_id=user_id, after=bulk.facts(Contact, row))
    everybody = [(asks.id, joined.role), *((row["id"], role) for row, role in joined.others)]
    for number, (member_id, role) in enumerate(everybody):
        added = MemberAdded(contact_id=joined.group["id"], member_id=member_id, role=role, primary=number == 0)
        yield demo.Fact(event=added, at=at, user_id=user_id)
