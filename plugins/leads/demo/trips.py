"""What they ask for: where, when, for how many and for how much."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple

from core.sdk import Money, to_minor

from . import words


class Place(NamedTuple):
    """A destination of the demo world, with the ways people travel it."""

    routes: tuple[tuple[str, ...], ...]
    a_day: int
    """What a person spends there on a day, in euro."""
    western: int
    """How many ask for it in Europe, and in the Gulf."""
    arabic: int
    nights: tuple[int, ...]
    sold_by: str = ""
    """The teams that are there for it."""


PLACES = (
    Place(
        (("Kenya",), ("Tanzania",), ("Kenya", "Tanzania"), ("Tanzania", "Zanzibar"), ("Kenya", "Zanzibar")),
        *(400, 22, 5),
        (7, 9, 10, 12, 14),
        "safari",
    ),
    Place((("Morocco",), ("Morocco", "Sahara")), 170, 10, 5, (5, 7, 8, 10)),
    Place((("Jordan",), ("Petra", "Wadi Rum")), 190, 8, 4, (5, 7, 8)),
    Place((("Italy",), ("Rome", "Florence"), ("Sicily",), ("Venice", "Dolomites")), 240, 16, 9, (4, 7, 10)),
    Place((("Japan",), ("Tokyo", "Kyoto"), ("Kyoto", "Hokkaido")), 340, 12, 5, (10, 12, 14, 16)),
    Place((("Thailand",), ("Bangkok", "Phuket"), ("Chiang Mai", "Krabi")), 160, 11, 12, (7, 10, 12, 14)),
    Place((("Bali",), ("Bali", "Lombok")), 165, 9, 10, (7, 10, 12, 14)),
    Place((("Rajasthan",), ("Rajasthan", "Agra")), 175, 7, 2, (9, 12, 14)),
    Place((("Dubai",), ("Dubai", "Abu Dhabi")), 260, 5, 14, (3, 4, 5, 7)),
    Place((("Makkah", "Madinah"), ("Makkah",)), 150, 1, 34, (4, 5, 7, 10), "umrah"),
)
_RATES = {"EUR": 1.0, "GBP": 0.86, "USD": 1.09, "AED": 4.0, "SAR": 4.1, "KWD": 0.335}
"""To the euro, once for all: what a budget is of, not what money is worth on a day."""
_CURRENCIES = {"GB": "GBP", "US": "USD", "IN": "USD", "AE": "AED", "SA": "SAR", "KW": "KWD", "EG": "USD"}
_KINDS = (("fit", 84), ("group", 9), ("corporate", 5), ("mice", 2))
_PARTIES = (((1, 0), 11), ((2, 0), 44), ((2, 1), 7), ((2, 2), 13), ((2, 3), 4), ((3, 0), 6), ((4, 0), 9), ((4, 3), 6))
_OWN_KIND = 0.86
"""How many of a team's enquiries are for what it is there for."""
_LONGEST_AHEAD, _USUAL_AHEAD = 420, 95


def place(sells: str, language: str, random: Random) -> Place:
    """Where somebody wants to go who asks this team."""
    theirs = [each for each in PLACES if each.sold_by == sells]
    if sells and theirs and random.random() < _OWN_KIND:
        return random.choice(theirs)
    weights = [each.arabic if language == "ar" else each.western for each in PLACES]
    return random.choices(PLACES, weights)[0]


def wish(asked: date, to: Place, *, country: str, language: str, random: Random) -> dict[str, Any]:
    """The columns of what somebody wishes for on a day; without a budget, which not everybody tells."""
    kind = random.choices([name for name, _ in _KINDS], [weight for _, weight in _KINDS])[0]
    adults, children = random.choices([party for party, _ in _PARTIES], [weight for _, weight in _PARTIES])[0]
    if kind != "fit":
        adults, children = random.choice((8, 10, 12, 15, 16, 20, 24)), 0
    nights = random.choice(to.nights)
    mode = random.choices(("fixed", "window", "month", "undecided"), (46, 24, 18, 12))[0]
    start = (
        None if mode == "undecided" else asked + timedelta(days=int(random.triangular(9, _LONGEST_AHEAD, _USUAL_AHEAD)))
    )
    said = words.of(language)
    return {
        "kind": kind,
        "destinations": [said.places.get(name, name) for name in random.choice(to.routes)],
        "departure_city": random.choice((None, *said.cities[country])) if country in said.cities else None,
        "date_mode": mode,
        "start_date": start,
        "end_date": start and start + timedelta(days=nights),
        "flex_days": 3 if mode == "window" else None,
        "nights": nights,
        "adults": adults,
        "children_ages": sorted(random.randint(1, 16) for _ in range(children)),
        "infants": int(children > 0 and random.random() < 0.15),
        "rooms": (adults + 1) // 2,
        "hotel_category": random.choice((3, 4, 4, 5, 5, None)),
        "board": random.choice(("BB", "BB", "HB", "FB", "AI", None)),
        "pace": random.choice(("relaxed", "moderate", "moderate", "intense", None)),
        "interests": random.sample(said.interests, random.randint(0, 3)),
        "occasion": random.choice(said.occasions) if random.random() < 0.09 else None,
        "nationality": country if random.random() < 0.6 else None,
        "residency": country if random.random() < 0.25 else None,
    }


def budget(wished: dict[str, Any], to: Place, *, country: str, random: Random) -> dict[str, Any]:
    """The columns of what they want to spend, in their own money."""
    currency = _CURRENCIES.get(country, "EUR")
    heads = wished["adults"] + 0.6 * len(wished["children_ages"])
    per = random.choices(("trip", "person"), (78, 22))[0]
    euros = to.a_day * wished["nights"] * (heads if per == "trip" else 1) * random.lognormvariate(0, 0.35)
    amount = max(round(euros * _RATES[currency] / 100) * 100, 100)
    return {**money("budget", amount, currency), "budget_per": per}


def money(name: str, amount: int, currency: str) -> dict[str, Any]:
    """The columns of an amount."""
    return {f"{name}_minor": to_minor(Money(Decimal(amount), currency)), f"{name}_currency": currency}
