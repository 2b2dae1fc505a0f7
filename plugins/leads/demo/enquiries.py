"""Who asks when, and whose enquiry it is then."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from core.sdk import demo
from plugins.contacts import api as contacts

_FIRST_ANSWER = timedelta(days=20)
"""Who asks again does so later than this."""
_SAME_AGENT = 0.8
_OUTSIDE = (("web_form", 60), ("whatsapp", 25), ("instagram", 15))
_INSIDE = (("email", 34), ("phone", 30), ("referral", 26), ("walk_in", 10))


class Enquiry(NamedTuple):
    """Somebody asks."""

    asked: datetime
    person: contacts.Known
    is_first: bool
    source: str
    agent: demo.Staff | None
    """Who works on it, sooner or later."""
    taken_in: bool
    """Whether that agent wrote it down; otherwise it came in by itself."""


def enquiries(world: demo.World, random: Random) -> Iterator[Enquiry]:
    """All of an agency's enquiries in the order in which they come in: of new people, and of some who come again."""
    people = list(contacts.made_up(world))
    known_since = [person.since for person in people]
    agents = {agent.user_id: agent for agent in world.agents}
    again = world.arrivals(world.leads - len(people), random) if people else []
    coming = sorted([(since, number) for number, since in enumerate(known_since)] + [(at, -1) for at in again])
    for at, number in coming:
        # While nobody can come again yet, whoever came first does.
        limit = max(bisect(known_since, at - _FIRST_ANSWER), 1)
        person = people[number if number >= 0 else random.randrange(limit)]
        asked = max(at, person.since)
        agent = agents.get(person.owner_id) if person.owner_id else None
        if number < 0 and agent is not None and random.random() > _SAME_AGENT:
            agent = random.choice([each for each in world.agents if each.team_id == agent.team_id])
        inside = person.taken_in_by is not None if number >= 0 else random.random() < 0.5
        inside = inside and agent is not None
        names, weights = zip(*(_INSIDE if inside else _OUTSIDE), strict=True)
        yield Enquiry(asked, person, number >= 0, random.choices(names, weights)[0], agent, inside)
