"""Queries for the rules by which leads are scored, and for what becomes of points."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, func, select, update

from core.sdk import Filter, Listing, ListQuery, Page, Repository, db, read

from ..models import Scoring, ScoringRule
from ..schemas.scores import ScoreConditions, ScoringRuleView

_RULE = select(*read.columns(ScoringRuleView, ScoringRule))
_UNNOTICED = {"synchronize_session": False}


class Policy(NamedTuple):
    """What becomes of points."""

    warm_from: int
    hot_from: int
    count_plugins: bool
    count_ai: bool
    generation: int


class Rule(NamedTuple):
    """A rule as it is applied."""

    id: UUID
    label: str
    points: int
    conditions: ScoreConditions


class ScoringRules(Repository[ScoringRule]):
    """By which rules an agency's leads are scored."""

    model = ScoringRule
    permission = "leads.scoring"
    subject = "leads.scoring_rule"
    listing = Listing(
        filters={"active": Filter(ScoringRule.active, bool, "Whether it is applied.")},
        sorts={"position": ScoringRule.position},
        default_sort="position",
    )

    def rows(self, query: ListQuery) -> Page[ScoringRuleView]:
        """A page of rules."""
        return self.page(query, _RULE, ScoringRuleView)

    def shown(self, rule_id: UUID) -> ScoringRuleView:
        """A rule. Raises NotFound."""
        return self.view(rule_id, _RULE, ScoringRuleView)

    def count(self) -> int:
        """How many there are."""
        return db.session.scalar(select(func.count()).select_from(ScoringRule)) or 0

    def every_id(self) -> list[UUID]:
        """All of them."""
        return list(db.session.scalars(select(ScoringRule.id).order_by(ScoringRule.position, ScoringRule.id)))

    def clear(self) -> None:
        """Remove all of them."""
        db.session.execute(delete(ScoringRule))

    def add_all(self, rows: Sequence[ScoringRule]) -> None:
        """Make new ones known to the database."""
        db.session.add_all(rows)
        db.session.flush()


_ACTIVE = read.Query(
    select(*(getattr(ScoringRule, name) for name in Rule._fields))
    .where(ScoringRule.active)
    .order_by(ScoringRule.position, ScoringRule.id),
    Rule,
)
_USUAL = Policy(warm_from=40, hot_from=70, count_plugins=True, count_ai=False, generation=0)
_POLICY = read.Query(select(*(getattr(Scoring, name) for name in Policy._fields)), Policy)


def active() -> list[Rule]:
    """The rules that are applied, in order."""
    return _ACTIVE.rows()


def policy() -> Policy:
    """What the acting agency set, or else what holds where nothing is set."""
    return _POLICY.first() or _USUAL


def policy_row() -> Scoring:
    """The same for changing it; whoever else does waits."""
    row = db.session.scalar(select(Scoring).with_for_update())
    if row is None:
        row = Scoring(**policy()._asdict())
        db.session.add(row)
        db.session.flush()
    return row


def reckoned(generation: int, at: datetime) -> None:
    """Remember that all open leads were reckoned by these rules."""
    told = update(Scoring).where(Scoring.generation == generation)
    values = {"reckoned_at": at, "updated_at": Scoring.updated_at}
    db.session.execute(told.values(values), execution_options=_UNNOTICED)


rules = ScoringRules()
