"""The fields that forms can show and hooks can fill, each with its place in a new lead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from core.sdk import custom_fields

from ..schemas.sources import CaptureChoice, CaptureField, CaptureFields

OWN = {"lead": ("leads.lead", "/custom_fields/"), "contact": ("contacts.contact", "/contact/custom_fields/")}
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")


class Known(Struct, frozen=True):
    """A field."""

    name: str
    title: str
    kind: str
    place: str
    """Where it stands in a new lead, as a JSON Pointer."""
    choices: tuple[tuple[str, str], ...] = ()
    own: bool = False
    """Whether the agency added it."""

    @property
    def is_of_contact(self) -> bool:
        """Whether it says who asks, rather than what for."""
        return self.place.startswith("/contact/")


_KINDS = (("fit", "Individual trip"), ("group", "Group"), ("corporate", "Business travel"), ("mice", "Event"))
_DATES = (
    ("fixed", "The dates are fixed"),
    ("window", "Somewhere between the dates"),
    ("month", "Some time in the month"),
    ("undecided", "Not decided yet"),
)
_PER = (("trip", "For the whole trip"), ("person", "Per person"), ("night", "Per night"))
_BOARD = (
    ("RO", "Room only"),
    ("BB", "Breakfast"),
    ("HB", "Half board"),
    ("FB", "Full board"),
    ("AI", "All inclusive"),
)
_PACE = (("relaxed", "Relaxed"), ("moderate", "Moderate"), ("intense", "Busy"))
_STARS = tuple((str(stars), "★" * stars) for stars in range(1, 6))

_EVERY = (
    Known("name", "Your name", "text", "/contact/name"),
    Known("given_name", "First name", "text", "/contact/given_name"),
    Known("family_name", "Last name", "text", "/contact/family_name"),
    Known("email", "E-mail", "email", "/contact/emails/0/address"),
    Known("phone", "Phone", "phone", "/contact/phones/0/number"),
    Known("country", "Country (two letters)", "text", "/contact/country"),
    Known("language", "Language", "text", "/language"),
    Known("zone", "Time zone", "text", "/zone"),
    Known("nationality", "Nationality (two letters)", "text", "/nationality"),
    Known("residency", "Country of residence (two letters)", "text", "/residency"),
    Known("message", "What do you have in mind?", "long", "/note"),
    Known("kind", "Kind of trip", "choice", "/kind", _KINDS),
    Known("destinations", "Where to?", "words", "/destinations"),
    Known("departure_city", "Departing from", "text", "/departure_city"),
    Known("date_mode", "How fixed are the dates?", "choice", "/date_mode", _DATES),
    Known("start_date", "From", "date", "/start_date"),
    Known("end_date", "To", "date", "/end_date"),
    Known("flex_days", "Days you can shift", "number", "/flex_days"),
    Known("nights", "Nights", "number", "/nights"),
    Known("adults", "Adults", "number", "/adults"),
    Known("children_ages", "Ages of children", "numbers", "/children_ages"),
    Known("infants", "Infants", "number", "/infants"),
    Known("rooms", "Rooms", "number", "/rooms"),
    Known("budget", "Budget", "decimal", "/budget/amount"),
    Known("budget_currency", "Currency of the budget", "text", "/budget/currency"),
    Known("budget_per", "The budget is", "choice", "/budget_per", _PER),
    Known("hotel_category", "Hotel category", "choice_number", "/hotel_category", _STARS),
    Known("board", "Board", "choice", "/board", _BOARD),
    Known("pace", "Pace", "choice", "/pace", _PACE),
    Known("interests", "Interests", "words", "/interests"),
    Known("occasion", "Occasion", "text", "/occasion"),
    Known("restrictions", "What we should know (diet, mobility)", "long", "/restrictions"),
    *(Known(name, name.replace("_", " "), "text", f"/utm/{name}") for name in UTM),
)
BUILT_IN: Mapping[str, Known] = MappingProxyType({each.name: each for each in _EVERY})


def named(names: Iterable[str]) -> dict[str, Known]:
    """Those of some names that there are; what campaigns add to addresses is always among them."""
    wanted = {*names, *UTM}
    found = {name: BUILT_IN[name] for name in wanted if name in BUILT_IN}
    for prefix in sorted({name.partition(".")[0] for name in wanted if "." in name} & OWN.keys()):
        found |= {each.name: each for each in _own(prefix) if each.name in wanted}
    return found


def still(values: Mapping[str, Any]) -> dict[str, Any]:
    """What was filled in, but for own fields that were archived since."""
    known = named(values) if any("." in name for name in values) else {}
    return {name: value for name, value in values.items() if "." not in name or name in known}


def every() -> CaptureFields:
    """All there are, as those who make forms and hooks see them."""
    own = [each for prefix in OWN for each in _own(prefix)]
    return CaptureFields(
        [CaptureField(each.name, each.title, shown_kind(each), choices(each)) for each in (*_EVERY, *own)]
    )


def choices(field: Known) -> list[CaptureChoice]:
    """What there is to choose from."""
    return [CaptureChoice(value, title) for value, title in field.choices]


def shown_kind(field: Known) -> str:
    """How pages draw it."""
    return {"choice_number": "choice", "numbers": "words"}.get(field.kind, field.kind)


def _own(prefix: str) -> list[Known]:
    entity, place = OWN[prefix]
    properties: dict[str, Any] = custom_fields.schema_of(entity).properties
    return [
        Known(
            f"{prefix}.{key}",
            about["title"],
            _kind_of(about),
            place + key,
            tuple((each["const"], each["title"]) for each in about.get("items", about).get("oneOf", ())),
            own=True,
        )
        for key, about in properties.items()
    ]


def _kind_of(about: dict[str, Any]) -> str:
    if about["type"] == "boolean":
        return "yes_no"
    if about["type"] == "array":
        return "choices"
    if "oneOf" in about:
        return "choice"
    return {"date": "date", "decimal": "decimal"}.get(about.get("format", ""), "text")
