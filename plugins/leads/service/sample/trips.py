"""What they ask for: where, when, for how many and for how much."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any, NamedTuple


class Place(NamedTuple):
    """A destination, and what a person spends there on a day."""

    name: str
    weight: int
    a_day: int


PLACES = (
    Place("Kenya", 9, 380),
    Place("Zanzibar", 6, 220),
    Place("Tanzania", 8, 420),
    Place("Japan", 9, 340),
    Place("Maldives", 8, 460),
    Place("Italy", 8, 230),
    Place("Greece", 6, 200),
    Place("Iceland", 5, 310),
    Place("Morocco", 5, 170),
    Place("Vietnam", 5, 150),
    Place("Sri Lanka", 4, 160),
    Place("Costa Rica", 4, 240),
    Place("Peru", 4, 230),
    Place("Patagonia", 3, 330),
    Place("South Africa", 6, 290),
    Place("Bali", 5, 170),
    Place("New Zealand", 3, 320),
    Place("Norway", 3, 340),
    Place("Egypt", 3, 150),
    Place("Seychelles", 3, 440),
    Place("Réunion", 1, 210),
    Place("Azores", 2, 180),
)
TAGS = ("honeymoon", "family", "vip", "repeat", "last minute", "school holidays", "diving", "safari", "group", "golf")
OCCASIONS = ("honeymoon", "anniversary", "60th birthday", "graduation", "proposal")
INTERESTS = ("wildlife", "food", "hiking", "beaches", "culture", "diving", "photography", "wine", "trains", "spa")
SOURCES = (
    ("web_form", 40),
    ("whatsapp", 14),
    ("email", 13),
    ("phone", 12),
    ("referral", 10),
    ("walk_in", 4),
    ("instagram", 7),
)
KINDS = (("fit", 84), ("group", 9), ("corporate", 5), ("mice", 2))
DEPARTURES = ("London", "Lisbon", "Frankfurt", "Paris", "Dubai", "Mumbai", "New York", None, None)
NOTES = (
    "Called back: prefers afternoons, and wants to see two options before the weekend.",
    "Asked for adjoining rooms and a transfer without waiting.",
    "Travelled with another agency last year and was unhappy with the hotel.",
    "Flexible by a week if flights are much cheaper.",
    "Wants everything on one invoice; will pay by bank transfer.",
    "Sent the first ideas by e-mail, waiting for an answer.",
    "Grandparents come along: little walking, ground floor where possible.",
)


def source(random: Random) -> str:
    """Where a lead comes from."""
    return random.choices([name for name, _ in SOURCES], [weight for _, weight in SOURCES])[0]


def wish(asked: date, currency: str, random: Random) -> dict[str, Any]:
    """The columns of what somebody wishes for on a day."""
    places = random.choices(PLACES, [place.weight for place in PLACES], k=random.choices((1, 2, 3), (74, 21, 5))[0])
    adults = random.choices((1, 2, 3, 4, 6, 12), (11, 58, 8, 14, 6, 3))[0]
    children = [random.randint(1, 16) for _ in range(random.choices((0, 1, 2, 3), (70, 11, 15, 4))[0])]
    nights = random.choices((4, 7, 10, 12, 14, 21), (12, 30, 22, 14, 18, 4))[0]
    mode = random.choices(("fixed", "window", "month", "undecided"), (46, 24, 18, 12))[0]
    start = None if mode == "undecided" else asked + timedelta(days=int(random.triangular(9, 420, 95)))
    budget = int(places[0].a_day * nights * (adults + 0.6 * len(children)) * random.lognormvariate(0, 0.35))
    told = random.random() < 0.68
    return {
        "kind": random.choices([name for name, _ in KINDS], [weight for _, weight in KINDS])[0],
        "destinations": list(dict.fromkeys(place.name for place in places)),
        "departure_city": random.choice(DEPARTURES),
        "date_mode": mode,
        "start_date": start,
        "end_date": start and start + timedelta(days=nights),
        "flex_days": 3 if mode == "window" else None,
        "nights": nights,
        "adults": adults,
        "children_ages": children,
        "infants": int(random.random() < 0.04),
        "rooms": (adults + 1) // 2,
        "budget_minor": round(budget, -2) * 100 if told else None,
        "budget_currency": currency if told else None,
        "budget_per": "trip" if told else None,
        "hotel_category": random.choice((3, 4, 4, 5, None)),
        "board": random.choice(("BB", "HB", "AI", None, None)),
        "pace": random.choice(("relaxed", "moderate", "moderate", "intense", None)),
        "interests": random.sample(INTERESTS, random.randint(0, 3)),
        "occasion": random.choice(OCCASIONS) if random.random() < 0.09 else None,
    }


def tags(random: Random) -> list[str]:
    """How agents sort it."""
    return random.sample(TAGS, random.choices((0, 1, 2, 3), (38, 36, 19, 7))[0])
