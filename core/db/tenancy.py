"""The first wall between agencies: statements are filtered by the acting agency, writes stamped and guarded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID

import psycopg
from flask import g
from sqlalchemy import Connection, Uuid, bindparam, event, text
from sqlalchemy import inspect as inspect_entity
from sqlalchemy.exc import DontWrapMixin, SQLAlchemyError
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction, with_loader_criteria

from core.actor import Actor, current_actor
from core.db import wire
from core.db.base import SoftDeleted, Tenant
from core.extensions import db


class NoAgency(DontWrapMixin, RuntimeError):
    """Business rows were asked for while nobody acts in an agency: a defect, never a user's mistake."""


class ForeignAgency(RuntimeError):
    """A row of another agency was about to be written: a defect, never a user's mistake."""


def current_agency_id() -> UUID:
    """The agency acted in; raises NoAgency when there is none."""
    agency_id = current_actor().agency_id
    if agency_id is None:
        raise NoAgency("No agency is acted in: authenticate, or use acting_as(system(agency_id))")
    return agency_id


# Evaluated when a statement runs, not when it is built: one cached statement serves every agency,
# and a statement without an agency raises instead of returning everybody's rows.
_AGENCY = bindparam("current_agency_id", callable_=current_agency_id, type_=Uuid())

IN_AGENCY = with_loader_criteria(Tenant, lambda model: model.agency_id == _AGENCY, include_aliases=True)
NOT_DELETED = with_loader_criteria(SoftDeleted, lambda model: model.deleted_at.is_(None), include_aliases=True)

SET_AGENCY = "select set_config('app.agency_id', {placeholder}, true)"


@contextmanager
def acting_as(actor: Actor) -> Iterator[Actor]:
    """Act as somebody else for a while, in the running unit of work."""
    before: Actor | None = g.get("actor")
    _flush()
    _become(actor)
    _announce()
    try:
        yield actor
        _flush()
    except BaseException:
        _become(before)
        # A transaction that failed takes no more questions; the error that broke it is the one to tell.
        with suppress(SQLAlchemyError):
            _announce()
        raise
    _become(before)
    _announce()


def _flush() -> None:
    """Write what is pending while the one who did it still acts."""
    session = db.session()
    if session.in_transaction() and session.is_active:
        session.flush()


def _become(actor: Actor | None) -> None:
    # The identity map outlives the switch; without this, get() answers with the previous agency's row.
    db.session.expunge_all()
    if actor is None:
        g.pop("actor", None)
    else:
        g.actor = actor


def _announce() -> None:
    session = db.session()
    if session.in_transaction() and session.is_active:
        announce_agency(session.connection())


def announce_agency(connection: Connection) -> None:
    """Tell PostgreSQL which agency the running transaction is for; its row policies see no other."""
    agency_id = current_actor().agency_id
    connection.execute(text(SET_AGENCY.format(placeholder=":agency_id")), {"agency_id": str(agency_id or "")})


@event.listens_for(db.session, "after_begin")
def _announce_on_begin(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    # A savepoint is of the transaction around it, and takes its settings back where it is undone.
    if not transaction.nested:
        _begin(connection)


def _begin(connection: Connection) -> None:
    raw: Any = connection.connection.dbapi_connection
    if not wire.begins_plainly(raw):
        announce_agency(connection)
        return
    try:
        wire.begin(raw, agency_id=str(current_actor().agency_id or ""))
    except psycopg.OperationalError:
        # Said again as any other statement: on a dead connection that has the pool drop it.
        announce_agency(connection)
    except BaseException:
        # Answers may still come: nobody may use it again.
        connection.invalidate()
        raise


@event.listens_for(db.session, "do_orm_execute")
def _filter_statement(state: ORMExecuteState) -> None:
    if state.is_insert:
        raise ForeignAgency("Bulk inserts bypass the agency stamp: add entities to the session instead")
    if not (state.is_select or state.is_update or state.is_delete):
        return
    options: list[Any] = [IN_AGENCY]
    if not state.execution_options.get("include_deleted"):
        options.append(NOT_DELETED)
    state.statement = state.statement.options(*options)


@event.listens_for(db.session, "before_flush")
def _guard_writes(session: Session, flush_context: object, instances: object) -> None:
    for entity in session.new:
        if isinstance(entity, Tenant):
            _stamp(entity)
    for entity in (*session.dirty, *session.deleted):
        if isinstance(entity, Tenant):
            _refuse_foreign(entity)


def _stamp(entity: Tenant) -> None:
    agency_id: UUID | None = entity.agency_id
    if agency_id is None:
        entity.agency_id = current_agency_id()
    elif agency_id != current_agency_id():
        raise ForeignAgency(f"{type(entity).__name__} belongs to an agency other than the acting one")


def _refuse_foreign(entity: Tenant) -> None:
    moved = inspect_entity(entity).attrs.agency_id.history.has_changes()
    if moved or entity.agency_id != current_agency_id():
        raise ForeignAgency(f"{type(entity).__name__} belongs to an agency other than the acting one")
