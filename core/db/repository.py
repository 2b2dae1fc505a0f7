"""The repository base: one aggregate's queries, within the agency and the scope of the permission in use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Generic, Literal, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, any_, bindparam, false, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.orm.interfaces import ORMOption

from core import clock
from core.actor import Scope, current_actor, current_permission
from core.db import closing, listing, read
from core.db.base import Identified, Owned, SoftDeleted
from core.db.query import Listing, ListQuery, Page
from core.db.read import Statement
from core.db.tenancy import current_agency_id
from core.errors import NotFound, PreconditionFailed
from core.extensions import db

_MAX_STATEMENTS = 500
M = TypeVar("M", bound=Identified)
S = TypeVar("S")


_of_subjects: dict[str, type[Repository[Any]]] = {}
_of_owners: list[type[Repository[Any]]] = []


def repository_of(subject: str) -> Repository[Any] | None:
    """The rows that events with a subject are about; None where no repository says that they are its."""
    kind = _of_subjects.get(subject)
    return kind() if kind else None


def with_subjects() -> Mapping[str, type[Repository[Any]]]:
    """Every aggregate that events are about, of whatever plugin was imported, by what they call it."""
    return dict(_of_subjects)


def with_owners() -> Sequence[type[Repository[Any]]]:
    """Every aggregate whose rows belong to somebody, of whatever plugin was imported."""
    return tuple(_of_owners)


def _soft_deleted(entity: object) -> SoftDeleted | None:
    return entity if isinstance(entity, SoftDeleted) else None


def _same(value: S) -> S:
    return value


class Ownership(NamedTuple):
    """The columns that say whose a row is: what the scopes `own` and `team` compare."""

    owner: InstrumentedAttribute[Any]
    team: InstrumentedAttribute[Any] | None = None
    on_leaving: Literal["handed_over", "removed"] = "handed_over"
    """What becomes of rows whose owner leaves the agency: somebody takes them over, or they were theirs alone."""
    given_with: str = ""
    """The permission it takes to make a row somebody else's; where nothing is said, the repository's."""


class Repository(Generic[M]):
    """Subclass per aggregate. Knows the session, never commits; foreign and invisible rows do not exist for it."""

    model: type[M]
    permission: ClassVar[str]
    """Whose scope limits what is seen when a neighbour asks, e.g. `leads.read`."""
    ownership: ClassVar[Ownership | None] = None
    """Whose a row is; None where rows have no owner and every scope sees all."""
    listing: ClassVar[Listing]
    subject: ClassVar[str] = ""
    """What events say they are about, where that is a row of here: `leads.lead`. Who may see the row may see them."""

    _ids: ClassVar[Statement]
    _statements: ClassVar[dict[Any, Any]]

    def __init_subclass__(cls) -> None:
        cls._statements = {}
        if "model" in cls.__dict__:
            cls._ids = select(cls.model.id)
        if "subject" in cls.__dict__:
            _of_subjects[cls.subject] = cls
        if "ownership" in cls.__dict__ and cls.ownership is not None:
            _of_owners.append(cls)

    def get(self, entity_id: UUID, *, version: int | None = None, options: Sequence[ORMOption] = ()) -> M:
        """Load one for changing it, with what `options` add. Raises NotFound, PreconditionFailed.

        The version is judged on the very row that will be changed: loading it again could bring somebody's newer one.
        """
        entity = self.find(entity_id, options=options)
        if entity is None:
            raise NotFound
        self._expect(entity, version)
        return entity

    def _expect(self, entity: M, version: int | None) -> None:
        if version is not None and isinstance(entity, Owned) and entity.version != version:
            raise PreconditionFailed

    def find(self, entity_id: UUID, *, options: Sequence[ORMOption] = ()) -> M | None:
        """Load one for changing it, or None."""
        statement = select(self.model).where(self.model.id == entity_id, self.in_scope()).options(*options)
        return db.session.scalar(statement, self.scope_values())

    def get_deleted(self, entity_id: UUID, *, version: int | None = None) -> M:
        """Load one that was soft-deleted, for restoring it. Raises NotFound, PreconditionFailed."""
        statement = select(self.model).where(self.model.id == entity_id, self.in_scope())
        options = {"include_deleted": True}
        entity = db.session.scalar(statement, self.scope_values(), execution_options=options)
        soft = _soft_deleted(entity)
        if entity is None or soft is None or soft.deleted_at is None:
            raise NotFound
        self._expect(entity, version)
        return entity

    def add(self, entity: M) -> M:
        """Make a new row known to the unit of work and to the database."""
        db.session.add(entity)
        db.session.flush()
        return entity

    def append(self, entity: M) -> None:
        """Write a new row with the commit, without a statement of its own: for what this unit of work never asks for.

        Not for what has encrypted columns, and not for what its events tell the columns of.
        """
        entity.agency_id = current_agency_id()
        if isinstance(entity, Owned):
            entity.version = 1
        closing.of(db.session()).insert(entity, agency_id=entity.agency_id)

    def save(self) -> None:
        """Send pending changes to the database, so that reads in this unit of work see them."""
        db.session.flush()

    def remove(self, entity: M) -> None:
        """Delete a row; one that is soft-deleted stays in the table and disappears from every list."""
        soft = _soft_deleted(entity)
        if soft is None:
            db.session.delete(entity)
        else:
            soft.deleted_at = clock.now()
        db.session.flush()

    def remove_for_good(self, entity: M) -> None:
        """Delete a row as if it had never been, whatever becomes of those that are removed."""
        db.session.delete(entity)
        db.session.flush()

    def page(
        self,
        query: ListQuery,
        statement: Statement,
        into: Callable[..., S],
        *,
        within: Mapping[InstrumentedAttribute[Any], Any] | None = None,
    ) -> Page[S]:
        """One page of a list: one statement, whatever the number of rows.

        `statement` selects the columns of `into` in order; `within` narrows the list to, say, one lead's notes.
        """
        return listing.page(self, query, statement, into, within=within or {})

    def ids(self, query: ListQuery) -> Page[UUID]:
        """The ids of a page of the list."""
        return self.page(query, self._ids, _same)

    def require(self, entity_id: UUID) -> None:
        """Raise NotFound unless the caller can see it."""
        self._found(self._one(self._ids, _same, in_scope=True).first(wanted_id=entity_id, **self.scope_values()))

    def reachable(self, ids: Iterable[UUID]) -> set[UUID]:
        """Which of these rows the caller can see, deleted ones included: one statement."""

        def build() -> read.Query[UUID]:
            wanted = self.model.id == any_(bindparam("wanted_ids", type_=ARRAY(Uuid())))
            return read.Query(self._ids.where(wanted, self.in_scope()), _same, include_deleted=True)

        query = self.prepared(("reachable", self.scope()), build)
        return set(query.rows(wanted_ids=list(ids), **self.scope_values()))

    def view(self, entity_id: UUID, statement: Statement, into: Callable[..., S]) -> S:
        """Read one as a Struct. Raises NotFound."""
        query = self._one(statement, into, in_scope=True)
        return self._found(query.first(wanted_id=entity_id, **self.scope_values()))

    def view_after_change(self, entity_id: UUID, statement: Statement, into: Callable[..., S]) -> S:
        """Read one the caller has just changed, even if the change took it out of their scope."""
        return self._found(self._one(statement, into, in_scope=False).first(wanted_id=entity_id))

    def _found(self, found: S | None) -> S:
        if found is None:
            raise NotFound
        return found

    def _one(self, statement: Statement, into: Callable[..., S], *, in_scope: bool) -> read.Query[S]:
        def build() -> read.Query[S]:
            wanted = self.model.id == bindparam("wanted_id", type_=Uuid())
            return read.Query(statement.where(wanted, self.in_scope() if in_scope else true()), into)

        # A repository may narrow `in_scope` beyond the scope: what is just written is not asked for by the same words.
        return self.prepared(("one", statement, into, (self.scope(),) if in_scope else ()), build)

    def prepared(self, shape: tuple[Any, ...], build: Callable[[], read.Query[S]]) -> read.Query[S]:
        """The statement of a shape (filters, sort and scope, never values), built at its first use."""
        query: read.Query[S] | None = self._statements.get(shape)
        if query is None:
            if len(self._statements) >= _MAX_STATEMENTS:
                # Clients choose the filters; their combinations must not fill the memory.
                self._statements.clear()
            query = self._statements[shape] = build()
        return query

    def scope(self) -> Scope | None:
        """How far the permission in use reaches; None when the caller may see nothing here."""
        if self.ownership is None:
            return Scope.ALL
        acting = current_permission() or ""
        mine = acting.split(".")[0] == self.permission.split(".")[0]
        return current_actor().scope_of(acting if mine else self.permission)

    def in_scope(self) -> ColumnElement[bool]:
        """The condition that rows are within the caller's scope; its values come from `scope_values`."""
        scope, ownership = self.scope(), self.ownership
        if scope is None:
            return false()
        if scope is Scope.ALL or ownership is None:
            return true()
        own: ColumnElement[bool] = ownership.owner == bindparam("scope_user", type_=Uuid())
        if scope is Scope.OWN or ownership.team is None:
            return own
        return or_(own, ownership.team == any_(bindparam("scope_teams", type_=ARRAY(Uuid()))))

    def scope_values(self) -> dict[str, Any]:
        """The bind values of `in_scope`."""
        scope, ownership = self.scope(), self.ownership
        if scope in (None, Scope.ALL) or ownership is None:
            return {}
        actor = current_actor()
        values: dict[str, Any] = {"scope_user": actor.user_id}
        if scope is Scope.TEAM and ownership.team is not None:
            values["scope_teams"] = list(actor.team_ids)
        return values
