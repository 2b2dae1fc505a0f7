"""What members own, in whatever plugin: counted, and given to others when somebody leaves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET
from sqlalchemy import Uuid, bindparam, delete, func, select, update
from sqlalchemy.orm import InstrumentedAttribute

from core.actor import Actor, Scope
from core.db import read
from core.db.base import Identified, Versioned
from core.db.read import Statement
from core.db.repository import Ownership, Repository, with_owners
from core.events.changes import Changed
from core.events.event import owner_of_module
from core.extensions import db
from core.plugins.manager import installed
from core.users.schemas import Holding

BATCH = 500
"""How many rows change hands in one unit of work."""
_EVERYTHING = {"include_deleted": True}


class OwnedRow(msgspec.Struct, frozen=True):
    """A row that changed hands, and the team it is of."""

    id: UUID
    team_id: UUID | None


class HandedOver(msgspec.Struct, frozen=True):
    """Rows of one kind that got another owner, because theirs left the agency."""

    kind: str
    """As events name it: `leads.lead`."""
    from_owner_id: UUID
    owner_id: UUID
    rows: Sequence[OwnedRow]
    changed: Changed
    """The column of the owner, for `publish(..., of=what.changed)`."""


class Kind(msgspec.Struct, frozen=True):
    """One kind of thing that belongs to members."""

    name: str
    model: type[Identified]
    ownership: Ownership
    permission: str
    """To see them."""

    @property
    def given_with(self) -> str:
        """The permission to hand them over."""
        return self.ownership.given_with or self.permission


class Held(msgspec.Struct, frozen=True):
    """How much of one kind a member owns."""

    kind: str
    count: int
    on_leaving: Literal["handed_over", "removed"]


def kinds() -> list[Kind]:
    """Every kind of thing that belongs to members, of each loaded plugin; switched off for the agency or not."""
    found: dict[type[Identified], Kind] = {}
    for each in with_owners():
        if each.ownership is not None and owner_of_module(each.__module__) in installed().plugins:
            found.setdefault(each.model, Kind(_name(each), each.model, each.ownership, each.permission))
    return sorted(found.values(), key=lambda kind: kind.name)


def of(user_id: UUID) -> list[Held]:
    """What a member owns, what is put away included: one statement however many plugins there are."""
    known = kinds()
    if not known:
        return []
    counted = read.Query(_counts(known), lambda *counts: counts, **_EVERYTHING).rows(user_id=user_id)[0]
    pairs = zip(known, counted, strict=True)
    return [Held(kind.name, count, kind.ownership.on_leaving) for kind, count in pairs if count]


def shown(held: Sequence[Held], *, to: Actor) -> list[Holding]:
    """What a member owns, as others are told; how much of it, only where they may see all of that kind anyway."""
    seen = {kind.name for kind in kinds() if to.scope_of(kind.permission) is Scope.ALL}
    return [Holding(each.kind, each.on_leaving, each.count if each.kind in seen else UNSET) for each in held]


def to_hand_over(held: Sequence[Held]) -> list[Kind]:
    """The kinds among what a member owns that somebody must take over."""
    wanted = {each.kind for each in held if each.on_leaving == "handed_over"}
    return [kind for kind in kinds() if kind.name in wanted]


def pass_on(user_id: UUID, kind: Kind, successors: Sequence[UUID]) -> int:
    """Give a batch of rows of one kind to successors in turn, or remove them where they were the member's alone.

    How many there were: 0 when nothing is left. Without a successor nothing is handed over.
    """
    if kind.ownership.on_leaving == "removed":
        return _remove(user_id, kind)
    if not successors:
        return 0
    ids = list(db.session.scalars(_batch(user_id, kind).with_for_update(), execution_options=_EVERYTHING))
    for number, successor in enumerate(successors):
        mine = ids[number :: len(successors)]
        if mine:
            rows = _hand_over(kind, mine, successor)
            column = kind.ownership.owner.key
            told = HandedOver(
                kind=kind.name,
                from_owner_id=user_id,
                owner_id=successor,
                rows=rows,
                changed=Changed({column: user_id}, {column: successor}),
            )
            installed().hook.handed_over(what=told)
    return len(ids)


def _name(repository: type[Repository[Any]]) -> str:
    return repository.subject or f"{owner_of_module(repository.__module__)}.{repository.model.__name__.lower()}"


def _counts(known: Sequence[Kind]) -> Statement:
    mine = bindparam("user_id", type_=Uuid())
    owners = ((kind, kind.ownership.owner) for kind in known)
    counted = (select(func.count(kind.model.id)).where(owner == mine) for kind, owner in owners)
    return select(*(each.scalar_subquery().label(f"kind_{number}") for number, each in enumerate(counted)))


def _batch(user_id: UUID, kind: Kind) -> Any:
    return select(kind.model.id).where(kind.ownership.owner == user_id).order_by(kind.model.id).limit(BATCH)


def _hand_over(kind: Kind, ids: Sequence[UUID], successor: UUID) -> list[OwnedRow]:
    team: InstrumentedAttribute[Any] | None = kind.ownership.team
    statement = update(kind.model).where(kind.model.id.in_(ids)).values(dict(_changes(kind, successor)))
    returned = statement.returning(kind.model.id, *(() if team is None else (team,)))
    options = {**_EVERYTHING, "synchronize_session": False}
    changed = db.session.execute(returned, execution_options=options)
    return [OwnedRow(row[0], row[1] if team is not None else None) for row in changed]


def _changes(kind: Kind, successor: UUID) -> Iterator[tuple[Any, Any]]:
    yield kind.ownership.owner, successor
    if issubclass(kind.model, Versioned):
        # Whoever read it with its former owner has not read what there is now.
        yield kind.model.version, kind.model.version + 1


def _remove(user_id: UUID, kind: Kind) -> int:
    options = {**_EVERYTHING, "synchronize_session": False}
    gone = delete(kind.model).where(kind.model.id.in_(_batch(user_id, kind))).returning(kind.model.id)
    return len(db.session.execute(gone, execution_options=options).all())
