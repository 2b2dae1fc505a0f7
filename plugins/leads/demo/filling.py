"""Writing the leads of a made-up agency, as the service would have written each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from core.sdk import bulk, demo, ids, is_on, next_references, settings_of, vault

from .. import jobs
from ..models import Call, Lead, Note, StatusChange, Tag
from ..service.leads import ENTITY
from ..service.pipeline import STEPS
from ..settings import LeadSettings
from . import courses, responses, trips, words
from .courses import Step
from .enquiries import Enquiry, enquiries
from .life import Life

_TELLS_BUDGET = 0.62
_RESTRICTED = 0.05
_NOTED, _MENTIONING = 0.3, 0.15
_CALLED = {"contacted": 0.45, "qualified": 0.15, "negotiation": 0.3}
_REASONS = {"price": 5, "no_reply": 6, "competitor": 3, "dates": 2, "plans_changed": 2, "duplicate": 1, "spam": 1}
_CHANCES = {"qualified": 30, "proposal_sent": 45, "negotiation": 60, "on_hold": 70}


def fill(world: demo.World, random: Random) -> None:
    """Bring the leads, with their steps, notes, tags and words."""
    responses.promise(world, random)
    desk = _Desk(world, random)
    for some in world.portions(enquiries(world, random), count=world.leads):
        desk.write(some)
    # By a worker, as all scores are.
    jobs.score_every_night.enqueue()


class _Desk:
    """Where an agency's leads come in."""

    def __init__(self, world: demo.World, random: Random) -> None:
        self._world = world
        self._random = random
        self._words = words.of(world.language)
        self._reasons = settings_of(LeadSettings).lost_reasons
        self._responses = responses.Responses(world)
        self._managers = [each for each in world.staff if each.role == "manager"]

    def write(self, some: Sequence[Enquiry]) -> None:
        """Write enquiries of the acting agency with what became of them."""
        references = _references(some)
        tags = [self._tags() for _ in some]
        lives = [self._life(each, references[each.asked.year].pop(0)) for each in some]
        tagged = list(zip(lives, tags, strict=True))
        bulk.insert(Lead, (life.row for life in lives))
        bulk.insert(StatusChange, (step for life in lives for step in life.steps))
        bulk.insert(Tag, (life.tag(tag) for life, theirs in tagged for tag in theirs))
        bulk.insert(Note, (note for life in lives for note in life.notes))
        bulk.insert(Call, (call for life in lives for call in life.calls))
        bulk.index(ENTITY, ((life.id, _texts(life, theirs)) for life, theirs in tagged))
        self._world.tell(fact for life in lives for fact in life.facts)

    def _life(self, each: Enquiry, reference: str) -> Life:
        """A lead from its first day on."""
        random, until = self._random, self._world.until
        steps = list(courses.course(each.asked, until=until, random=random))
        by = each.agent.user_id if each.agent and each.taken_in else None
        life = Life(self._first(each, steps, reference), by=by, random=random, responses=self._responses)
        self._hand_out(life, each, steps)
        agent_id: UUID | None = life.row["owner_id"]
        self._write_down(life, each, each.asked)
        for step in steps:
            self._move(life, step, agent_id)
            self._write_down(life, each, step.at)
        self._plan(life, agent_id)
        return life

    def _first(self, each: Enquiry, steps: Sequence[Step], reference: str) -> dict[str, Any]:
        random, person = self._random, each.person
        to = trips.place(each.agent.sells if each.agent else "", self._world.language, random)
        wished = trips.wish(each.asked.date(), to, country=person.country, language=self._world.language, random=random)
        told = trips.budget(wished, to, country=person.country, random=random)
        # Nobody is qualified who has not told it.
        if random.random() > _TELLS_BUDGET and not any(step.to == "qualified" for step in steps):
            told = dict.fromkeys(told)
        owner = each.agent if each.taken_in or random.random() < 0.5 else None
        restricted = random.random() < _RESTRICTED
        secret = vault.Secret(random.choice(self._words.restrictions)) if restricted else None
        campaign = each.source in ("web_form", "instagram") and random.random() < 0.4
        return {
            **wished,
            **told,
            "id": ids.at(each.asked, random),
            "reference": reference,
            "source": each.source,
            "priority": responses.priority(random),
            "imported": False,
            "utm": {"utm_source": random.choice(("google", "newsletter", "meta"))} if campaign else None,
            "contact_id": person.id,
            "owner_id": owner and owner.user_id,
            "team_id": owner and owner.team_id,
            "brand_id": each.agent and each.agent.brand_id,
            "language": person.language,
            "zone": None,
            "restrictions": secret,
            "created_at": each.asked,
        }

    def _hand_out(self, life: Life, each: Enquiry, steps: Sequence[Step]) -> None:
        """Give what came in by itself to an agent, before anything else happens with it."""
        if each.agent is None or life.row["owner_id"] is not None:
            return
        wait = timedelta(minutes=self._random.randint(5, 600))
        at = min([each.asked + wait, *(step.at - timedelta(minutes=2) for step in steps[:1])])
        if at < self._world.until:
            by = self._random.choice(self._managers).user_id if self._managers else None
            life.assign(at, by=by, owner_id=each.agent.user_id, team_id=each.agent.team_id)

    def _move(self, life: Life, step: Step, by: UUID | None) -> None:
        random, proof = self._random, STEPS[step.to].proof
        said = self._words.moves.get(step.to)
        columns: dict[str, Any] = {}
        if step.to == "lost":
            known = [reason for reason in self._reasons if reason in _REASONS] or list(self._reasons)
            [columns["lost_reason"]] = random.choices(known, [_REASONS.get(reason, 1) for reason in known])
            columns["recycle_on"] = (step.at + courses.RECYCLED).date() if random.random() < 0.2 else None
        elif step.to == "on_hold":
            columns["hold_until"] = (step.at + courses.HOLD).date()
        called = by is not None and random.random() < _CALLED.get(step.to, 0)
        if called:
            way = "outbound" if random.random() < 0.7 else "inbound"
            text = random.choice(self._words.notes) if random.random() < 0.5 else None
            life.call(step.at, by=by, direction=way, seconds=random.randint(40, 1_500), text=text)
        # A call is the proof that there was contact.
        proven = proof is None or is_on(proof) or (called and step.to == "contacted")
        note = random.choice(said) if said and not (called and step.to == "contacted") else None
        life.move(step, by=by, manual=not proven, note=note, **columns)
        if step.to == "qualified" and life.row["value_minor"] is None:
            self._value(life, step.at + timedelta(minutes=1), by)

    def _value(self, life: Life, at: datetime, by: UUID | None) -> None:
        """What the trip would bring, once somebody knows it."""
        if at >= self._world.until:
            return
        row = life.row
        heads = row["adults"] if row["budget_per"] == "person" else 1
        value = {"value_minor": row["budget_minor"] * heads, "value_currency": row["budget_currency"]}
        close = at.date() + timedelta(days=self._random.randint(7, 45))
        chance = {"probability": _CHANCES["qualified"], "expected_close": close}
        life.correct(at, by=by, fields=["value", "probability", "expected_close"], **value, **chance)

    def _plan(self, life: Life, by: UUID | None) -> None:
        """Whoever works on an open lead knows what to do next; few are late with it."""
        random, status, until = self._random, life.row["status"], self._world.until
        if status in ("won", "lost") or by is None:
            return
        at = life.row["updated_at"] + timedelta(minutes=2)
        due = until + timedelta(hours=random.randint(8, 140)) - timedelta(days=3 if random.random() < 0.12 else 0)
        if at < until:
            due = max(due, at)
            life.correct(at, by=by, fields=["next_action_at"], next_action_at=due, own_action_at=due)

    def _write_down(self, life: Life, each: Enquiry, at: datetime) -> None:
        random, at = self._random, at + timedelta(minutes=3)
        agent = each.agent
        if agent is None or random.random() > _NOTED or at >= self._world.until:
            return
        team = [other for other in self._world.agents if other.team_id == agent.team_id and other != agent]
        others = [*self._managers, *team]
        if others and random.random() < _MENTIONING:
            other = random.choice(others)
            text = random.choice(self._words.mentions).format(name=other.name)
            life.note(at, by=agent.user_id, text=text, pinned=False, mentions=[other.user_id])
        else:
            text = random.choice(self._words.notes)
            life.note(at, by=agent.user_id, text=text, pinned=random.random() < 0.08, mentions=[])

    def _tags(self) -> list[str]:
        return self._random.sample(self._words.tags, self._random.choices((0, 1, 2, 3), (38, 36, 19, 7))[0])


def _references(some: Sequence[Enquiry]) -> dict[int, list[str]]:
    by_year: defaultdict[int, int] = defaultdict(int)
    for each in some:
        by_year[each.asked.year] += 1
    series = settings_of(LeadSettings).reference_series
    return {year: next_references(series, count, year=year) for year, count in sorted(by_year.items())}


def _texts(life: Life, tags: Sequence[str]) -> list[str | None]:
    """What `service.leads` makes a lead findable by."""
    row = life.row
    return [row["reference"], row["departure_city"], row["occasion"], *row["destinations"], *tags]
