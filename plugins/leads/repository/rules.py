"""Queries for rules, skills, and what is compared between candidates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, Text, Uuid, any_, bindparam, func, select, update

from core.sdk import Filter, Listing, ListQuery, Page, Repository, db, read, users

from ..models import Lead
from ..models.rules import AssignmentRule, Skill
from ..schemas.rules import Conditions, RuleView, SkillView

RULE = select(*read.columns(RuleView, AssignmentRule))
SKILL = select(*read.columns(SkillView, Skill, user_name=users.name_of(Skill.user_id)))
_IDS = bindparam("user_ids", type_=ARRAY(Uuid()))


class Rule(NamedTuple):
    """A rule as it is applied."""

    id: UUID
    name: str
    conditions: Conditions
    method: str | None
    team_id: UUID | None
    role: str | None
    user_ids: list[UUID]
    only_at_work: bool
    priority: str | None


class Skills(NamedTuple):
    """What a member knows."""

    languages: list[str]
    destinations: list[str]


def _pair(*row: Any) -> tuple[Any, ...]:
    return row


_ACTIVE = read.Query(
    select(*(getattr(AssignmentRule, name) for name in Rule._fields))
    .where(AssignmentRule.active)
    .order_by(AssignmentRule.position, AssignmentRule.id),
    Rule,
)
_SKILLS = read.Query(
    select(Skill.user_id, Skill.languages, Skill.destinations).where(Skill.user_id == any_(_IDS)), _pair
)
_LOADS = read.Query(
    select(Lead.owner_id, func.count())
    .where(Lead.owner_id == any_(_IDS), Lead.status == any_(bindparam("open", type_=ARRAY(Text()))))
    .group_by(Lead.owner_id),
    _pair,
)


class Rules(Repository[AssignmentRule]):
    """An agency's rules."""

    model = AssignmentRule
    permission = "leads.manage_rules"
    subject = "leads.assignment_rule"
    listing = Listing(
        filters={"active": Filter(AssignmentRule.active, bool, "Whether it is applied.")},
        sorts={"position": AssignmentRule.position},
        default_sort="position",
    )

    def rows(self, query: ListQuery) -> Page[RuleView]:
        """A page of rules."""
        return self.page(query, RULE, RuleView)

    def shown(self, rule_id: UUID) -> RuleView:
        """A rule. Raises NotFound."""
        return self.view(rule_id, RULE, RuleView)


class MemberSkills(Repository[Skill]):
    """What members know."""

    model = Skill
    permission = "leads.manage_rules"
    listing = Listing(
        filters={"user_id": Filter(Skill.user_id, UUID, "The member.")}, sorts={"created_at": Skill.created_at}
    )

    def rows(self, query: ListQuery) -> Page[SkillView]:
        """A page of them."""
        return self.page(query, SKILL, SkillView)

    def shown(self, skill_id: UUID) -> SkillView:
        """What a member knows. Raises NotFound."""
        return self.view(skill_id, SKILL, SkillView)

    def of(self, user_id: UUID) -> Skill | None:
        """The same for changing it."""
        return db.session.scalar(select(Skill).where(Skill.user_id == user_id).with_for_update())


def active() -> tuple[Rule, ...]:
    """The rules that are applied, in order."""
    return tuple(_ACTIVE.rows())


def turns(rule_id: UUID) -> dict[str, int] | None:
    """The last turn of each candidate of a rule; None where it is gone."""
    return db.session.scalar(select(AssignmentRule.turns).where(AssignmentRule.id == rule_id))


def hold_turns(rule_id: UUID) -> dict[str, int] | None:
    """The same, and nobody else chooses by this rule until the running unit of work is over."""
    return db.session.scalar(select(AssignmentRule.turns).where(AssignmentRule.id == rule_id).with_for_update())


def keep_turns(rule_id: UUID, kept: Mapping[str, int]) -> None:
    """Remember them; whoever changes the rule meanwhile is not disturbed."""
    values = {"turns": dict(kept), "updated_at": AssignmentRule.updated_at}
    statement = update(AssignmentRule).where(AssignmentRule.id == rule_id).values(values)
    db.session.execute(statement, execution_options={"synchronize_session": False})


def skills(user_ids: Iterable[UUID]) -> dict[UUID, Skills]:
    """What these members know."""
    return {user_id: Skills(*known) for user_id, *known in _SKILLS.rows(user_ids=list(user_ids))}


def open_leads(user_ids: Iterable[UUID], *, statuses: Iterable[str]) -> dict[UUID, int]:
    """How many open leads each of these members has; those without any are missing."""
    return dict(_LOADS.rows(user_ids=list(user_ids), open=list(statuses)))


rules = Rules()
member_skills = MemberSkills()
