"""What a unit of work writes last: jobs and numbered rows, in statements that travel with the COMMIT."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol
from uuid import UUID
from weakref import WeakKeyDictionary

import msgspec
import structlog
from flask import current_app
from psycopg import _queries
from sqlalchemy import Table, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.orm import Session, SessionTransaction

from core.db import numbering
from core.db.base import Identified, Model, Numbered
from core.db.numbering import Row
from core.extensions import db

log = structlog.get_logger()
DRIVER = "postgresql+tripfile"
"""The name of our dialect in an SQLAlchemy URL."""
_KEY = "tripfile.closing"
_JOBS = "core_job"
_SET_AGENCY = "select set_config('app.agency_id', %s, true)"
_pending: WeakKeyDictionary[Any, Closing] = WeakKeyDictionary()


class Head(msgspec.Struct, frozen=True):
    """A stream that was written to, and its last number."""

    agency_id: UUID
    scope: str
    seq: int


class Committed(msgspec.Struct, frozen=True):
    """What a commit set in motion; given to `after_commit` listeners."""

    heads: tuple[Head, ...]
    queues: tuple[str, ...]
    """The queues that got a job that is due."""


class Enqueued(Protocol):
    """A Struct of the columns of a job's row."""

    name: str
    unique_key: str | None
    queue: str
    due: bool


class Closing:
    """The last rows of one session's running unit of work.

    A stream's counter is locked from its bump to the commit, so nothing else may come between the two.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._rows: list[Row] = []
        self._calls: list[Callable[[], object]] = []
        self._heads: tuple[Head, ...] = ()
        self.marks: dict[SessionTransaction, tuple[int, int]] = {}
        """How much there was when each savepoint was set."""

    def number(self, row: Numbered, *, agency_id: UUID, head: UUID, scope: str) -> None:
        """Insert a row as the next of a scope."""
        row.agency_id = agency_id
        values = numbering.values(row)
        self.number_values(numbering.table_of(row), values, agency_id=agency_id, head=head, scope=scope)

    def number_values(self, table: Table, values: Any, *, agency_id: UUID, head: UUID, scope: str) -> None:
        """Insert what becomes the JSON object of a row as the next of a scope."""
        self._begin()
        self._rows.append(Row(table, values, agency_id, head, scope))

    def insert(self, row: Model | Identified, *, agency_id: UUID) -> None:
        """Insert a row that nobody numbers beside those of its agency that are, in the same statement.

        No listener of the session is told: raises TypeError for what one of them would encrypt.
        """
        self._begin()
        table = numbering.table_of(row)
        if any("about" in column.info for column in table.columns):
            raise TypeError(f"{table.name} has an encrypted column: add the row to the session")
        self._rows.append(Row(table, numbering.values(row), agency_id, head=agency_id))

    def enqueue(self, *jobs: Enqueued, agency_id: UUID | None) -> None:
        """Insert jobs, except those whose unique key is taken."""
        self._begin()
        table = Model.metadata.tables[_JOBS]
        self._rows.extend(_row(table, job, agency_id) for job in jobs)

    def then(self, call: Callable[[], object]) -> None:
        """Call this once the unit of work has committed; what it raises is logged and harms nobody."""
        self._begin()
        self._calls.append(call)

    @property
    def size(self) -> tuple[int, int]:
        """How much there is, to go back to with `truncate`."""
        return len(self._rows), len(self._calls)

    def truncate(self, size: tuple[int, int]) -> None:
        """Forget what came after."""
        del self._rows[size[0] :]
        del self._calls[size[1] :]

    def prepare(self) -> None:
        """Flush, then leave the statements to the commit of this session's connection."""
        if not self._rows:
            return
        # Otherwise the flush of the commit itself would come after the counter.
        self._session.flush()
        _pending[self._session.connection().connection.dbapi_connection] = self

    def write(self, raw: Any) -> None:
        """Run the statements and COMMIT on a psycopg connection, in one round trip."""
        cursors = []
        with raw.pipeline():
            acting = None
            for agency_id, rows in numbering.in_order(self._rows):
                if acting != str(agency_id or ""):
                    acting = str(agency_id or "")
                    raw.execute(_SET_AGENCY, (acting,))
                cursors.append(raw.execute(*numbering.statement(rows)))
            # Not raw.commit(): inside a pipeline that waits for the answer without having sent everything, and with
            # more rows than the socket's buffer holds, both sides would wait for ever. Leaving the pipeline sends all.
            raw.execute("COMMIT", prepare=False)
        self._heads = tuple(Head(*row) for cursor in cursors for row in cursor.fetchall())

    def finish(self) -> None:
        """Tell the listeners and make the calls; the unit of work has committed."""
        rows, calls = self._rows, self._calls
        self._rows, self._calls = [], []
        queues = tuple(dict.fromkeys(row.rings for row in rows if row.rings))
        if rows:
            committed = Committed(self._heads, queues)
            calls = [*(_told(listener, committed) for listener in listeners()), *calls]
        self._heads = ()
        for call in calls:
            _safely(call)

    def _begin(self) -> None:
        # A rollback or commit of a session that has not begun tells nobody. Whatever is here already has begun it.
        if not (self._rows or self._calls):
            self._session.connection()


class Dialect(PGDialect_psycopg):
    """psycopg's dialect; what a unit of work writes last goes with its COMMIT."""

    supports_statement_cache = True

    def do_commit(self, dbapi_connection: Any) -> None:
        """Commit, with the closing statements where there are any."""
        raw = dbapi_connection.dbapi_connection
        closing = _pending.pop(raw, None)
        if closing is None:
            raw.commit()
            return
        try:
            closing.write(raw)
        except BaseException:
            # SQLAlchemy takes a failed commit for an ended transaction and would pool a broken one.
            raw.rollback()
            raise

    def do_rollback(self, dbapi_connection: Any) -> None:
        """Roll back; nothing is left for a later commit."""
        _pending.pop(dbapi_connection.dbapi_connection, None)
        dbapi_connection.rollback()


# The driver parses longer statements, and those of more values, each time: the widest tables' INSERTs are such ones.
# It offers no other way to say so.
_queries.MAX_CACHED_STATEMENT_LENGTH = 16_384
_queries.MAX_CACHED_STATEMENT_PARAMS = 160
registry.register(DRIVER.replace("+", "."), __name__, Dialect.__name__)


def of(session: Session) -> Closing:
    """The closing of a session's running unit of work."""
    found: Closing = session.info.setdefault(_KEY, Closing(session))
    return found


def listeners() -> list[Callable[[Committed], None]]:
    """What the running application calls after each commit that numbered rows or enqueued jobs."""
    found: list[Callable[[Committed], None]] = current_app.extensions.setdefault("tripfile.after_commit", [])
    return found


def _row(table: Table, job: Enqueued, agency_id: UUID | None) -> Row:
    key = f"{job.name}:{job.unique_key}" if job.unique_key is not None else ""
    return Row(table, job, agency_id, rings=job.queue if job.due else None, key=key)


def _told(listener: Callable[[Committed], None], committed: Committed) -> Callable[[], None]:
    return lambda: listener(committed)


def _safely(call: Callable[[], object]) -> None:
    try:
        call()
    except Exception:
        # What is committed stays committed; hints and bells are repeated by head beats and the sweeper.
        log.exception("commit.call_failed")


@event.listens_for(db.session, "before_commit")
def _prepare(session: Session) -> None:
    # It also fires for the release of a savepoint.
    if session.get_nested_transaction() is None and _KEY in session.info:
        of(session).prepare()


@event.listens_for(db.session, "after_commit")
def _finish(session: Session) -> None:
    if session.get_nested_transaction() is None and _KEY in session.info:
        of(session).finish()


@event.listens_for(db.session, "after_transaction_create")
def _mark(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        of(session).marks[transaction] = of(session).size


@event.listens_for(db.session, "after_transaction_end")
def _unmark(session: Session, transaction: SessionTransaction) -> None:
    # A savepoint's mark outlives it: its end is told before its rollback.
    if transaction.parent is None and _KEY in session.info:
        of(session).marks.clear()


@event.listens_for(db.session, "after_soft_rollback")
def _forget(session: Session, previous: SessionTransaction) -> None:
    if _KEY in session.info:
        savepoint: SessionTransaction | None = previous
        # A flush that fails has a transaction of its own and takes back the savepoint around it.
        while savepoint is not None and not savepoint.nested:
            savepoint = savepoint.parent
        closing = of(session)
        closing.truncate(closing.marks.get(savepoint, (0, 0)) if savepoint is not None else (0, 0))
