"""Things of any plugin that something else may be about, as tasks are, known by kind and id alone."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, null, or_, select

from core.actor import Actor, Scope
from core.db.repository import Repository, repository_of, with_subjects
from core.errors import Fault, Invalid, NotFound
from core.events.event import owner_of_module
from core.extensions import db
from core.plugins.manager import installed, is_on


class Whose(NamedTuple):
    """Whose a thing is."""

    permission: str
    """To see it."""
    owned: bool
    """Whether things of its kind belong to anybody."""
    owner_id: UUID | None
    team_id: UUID | None

    def is_seen_by(self, actor: Actor) -> bool:
        """Whether somebody may see it."""
        if not self.owned:
            return actor.scope_of(self.permission) is not None
        return actor.reaches(self.permission, owner_id=self.owner_id, team_id=self.team_id)


def kinds(*, but: str = "") -> tuple[str, ...]:
    """What repositories call their `subject`, `leads.lead`, of the plugins that are on in the acting agency.

    `but`, here and below, leaves out those of the plugin that asks.
    """
    known = installed().optional
    owners = {subject: owner_of_module(rows.__module__) for subject, rows in with_subjects().items()}
    return tuple(sorted(kind for kind, name in owners.items() if name in known and name != but and is_on(name)))


def require(kind: str, thing_id: UUID, *, but: str = "") -> None:
    """Raise Invalid unless there is such a thing and the caller may see it."""
    known = kinds(but=but)
    rows = repository_of(kind) if kind in known else None
    if rows is None:
        raise Invalid(errors=[Fault("/subject", "choice", f"This is one of: {', '.join(known)}")])
    try:
        rows.require(thing_id)
    except NotFound:
        raise Invalid(errors=[Fault("/subject_id", "unknown", "There is no such thing")]) from None


def whose(kind: str, thing_id: UUID) -> Whose | None:
    """Whose a thing is, whether or not the caller may see it.

    None where there is none, it was put away, or its plugin is off in the acting agency.
    """
    rows = repository_of(kind) if kind in kinds() else None
    if rows is None:
        return None
    ownership = rows.ownership
    owner: Any = ownership.owner if ownership else null()
    team: Any = ownership.team if ownership and ownership.team is not None else null()
    found = db.session.execute(select(owner, team).select_from(rows.model).where(rows.model.id == thing_id)).first()
    return Whose(rows.permission, ownership is not None, *found) if found else None


def visible(
    kind: SQLColumnExpression[Any], thing_id: SQLColumnExpression[Any], *, but: str = ""
) -> ColumnElement[bool]:
    """The condition that what a row is about is nothing, or is seen by the caller; its values are `values()`.

    A statement with it is prepared for each `shape()`.
    """
    seen = [and_(kind == name, _is_seen(rows, thing_id)) for name, rows in _rows(but)]
    return or_(kind.is_(None), *seen)


def values(*, but: str = "") -> dict[str, Any]:
    """The bind values of `visible`."""
    found: dict[str, Any] = {}
    for _, rows in _rows(but):
        found |= rows.scope_values()
    return found


def shape(*, but: str = "") -> tuple[tuple[str, Scope | None], ...]:
    """What decides the condition `visible` for the caller."""
    return tuple((name, rows.scope()) for name, rows in _rows(but))


def _rows(but: str) -> list[tuple[str, Repository[Any]]]:
    return [(name, rows) for name in kinds(but=but) if (rows := repository_of(name)) is not None]


def _is_seen(rows: Repository[Any], thing_id: SQLColumnExpression[Any]) -> ColumnElement[bool]:
    # A scalar of one row, looked up by its key: as EXISTS it may become a hash of the whole table.
    # Its id, as only columns of a model bring along that what was put away is not there.
    found = select(rows.model.id).where(rows.model.id == thing_id, rows.in_scope()).correlate_except(rows.model)
    return found.scalar_subquery().is_not(None)
