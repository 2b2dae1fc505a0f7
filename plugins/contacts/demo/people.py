"""Who asks a made-up agency: names, languages and numbers as an agency's clients have them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import datetime
from random import Random
from typing import NamedTuple
from uuid import UUID

from core.sdk import demo, ids

from .homes import Home, weighted

_NEWCOMERS = 0.83
"""The share of enquiries by people who never asked before."""
_HOSTS = ("example.com", "example.net", "example.org", "mail.example", "post.example")


class Known(NamedTuple):
    """A person whom an agency knows since their first enquiry."""

    id: UUID
    since: datetime
    given_name: str
    family_name: str
    email: str | None
    phone: str | None
    """E.164."""
    language: str
    country: str
    owner_id: UUID | None
    team_id: UUID | None
    taken_in_by: UUID | None
    """Who wrote them down; nobody where a form did."""


def made_up(world: demo.World) -> Iterator[Known]:
    """The people of a made-up agency, in the order in which they first ask: the same whoever draws them."""
    random = world.stream("contacts.people")
    homes, weights = weighted(world.language)
    arrivals = world.arrivals(count(world), random)
    for number, since in enumerate(arrivals, start=world.first):
        [home] = random.choices(homes, weights)
        yield _person(number, since, home, world.agents, random)


def count(world: demo.World) -> int:
    """How many people ask."""
    return round(world.leads * _NEWCOMERS)


def _person(number: int, since: datetime, home: Home, agents: Sequence[demo.Staff], random: Random) -> Known:
    given, _, given_latin = random.choice(home.given).partition(":")
    family, _, family_latin = random.choice(home.family).partition(":")
    # Who has been there longest knows most people.
    owner = random.choices(agents, range(len(agents) + 3, 3, -1))[0] if agents else None
    mailbox = f"{_latin(given_latin or given)}.{_latin(family_latin or family)}{number}"
    return Known(
        id=ids.at(since, random),
        since=since,
        given_name=given,
        family_name=family,
        email=f"{mailbox}@{random.choice(_HOSTS)}" if random.random() < 0.93 else None,
        phone=f"{home.mobile}{number % 10_000_000:07d}" if random.random() < 0.72 else None,
        language=home.language,
        country=home.country,
        owner_id=owner and owner.user_id,
        team_id=owner and owner.team_id,
        taken_in_by=owner.user_id if owner and random.random() < 0.42 else None,
    )


def _latin(name: str) -> str:
    return re.sub("[^a-z]", "", unicodedata.normalize("NFKD", name).lower())
