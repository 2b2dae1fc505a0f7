"""What happens at each request in one round trip: a read for an agency, and the beginning of a transaction for one."""

from __future__ import annotations

import math
import select
import time
from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from psycopg import Connection, Error, RawCursor, pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import QueryCanceled, error_from_result
from psycopg.pq.abc import PGconn, PGresult

SET_AGENCY = b"select set_config('app.agency_id', $1, true)"
_PLANNED_ONCE = SET_AGENCY + b", set_config('plan_cache_mode', 'force_generic_plan', true)"
_BINARY = 1
_PREPARED_LIMIT = 400
_GOOD = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)
STALE = frozenset({"0A000", "26000", "42P05"})
"""States of a prepared statement that no longer fits: answer of another shape, unknown, there already."""
_prepared: WeakKeyDictionary[Connection[Any], set[bytes]] = WeakKeyDictionary()


def fetch(
    connection: Connection[Any],
    *,
    agency_id: str,
    name: bytes,
    sql: bytes,
    values: Sequence[Any],
    make_row: Callable[[Sequence[Any]], Any],
    prepare: bool,
    planned_once: bool = False,
    patience: float,
) -> list[Any]:
    """Run one SELECT for one agency on an autocommit connection and build its rows.

    Everything before the one Sync is a single implicit transaction (PostgreSQL documentation, "Pipelining"),
    so the local setting is seen by this statement only and nothing of it stays on the connection. A statement that is
    `planned_once` gets a plan that holds for all values; others one that is made for theirs. Raises QueryCanceled when
    the server has not answered after `patience` seconds.
    """
    transformer = Transformer(connection)
    params = transformer.dump_sequence(values, [PyFormat.TEXT] * len(values))
    pgconn, deadline = connection.pgconn, time.monotonic() + patience
    pgconn.enter_pipeline_mode()
    try:
        setting = _PLANNED_ONCE if planned_once else SET_AGENCY
        pgconn.send_query_params(setting, [agency_id.encode()])
        prepares = _send(connection, name, sql, params, prepare=prepare)
        _flush(pgconn, deadline)
        results = _results(pgconn, deadline)
        pgconn.exit_pipeline_mode()
    except BaseException:
        # Dead, or interrupted with answers still to come: nobody may use this connection again.
        connection.close()
        raise
    if prepares and results[1].status == pq.ExecStatus.COMMAND_OK:
        # A failed transaction keeps its prepared statements; preparing the name again would be an error for ever.
        _known(connection).add(name)
    for result in results:
        if result.status not in _GOOD:
            raise _error(connection, result)
    transformer.set_pgresult(results[-1])
    return transformer.load_rows(0, results[-1].ntuples, make_row)


def begin(connection: Connection[Any], *, agency_id: str) -> None:
    """Begin a transaction for an agency, on a connection that begins them as PostgreSQL does by itself.

    Raises psycopg's errors. Whoever is interrupted by another one must not use the connection again.
    """
    pgconn = connection.pgconn
    pgconn.enter_pipeline_mode()
    pgconn.send_query_params(b"BEGIN", None)
    pgconn.send_query_params(SET_AGENCY, [agency_id.encode()])
    pgconn.pipeline_sync()
    # The server ends both by itself when they take too long.
    _flush(pgconn, math.inf)
    results = _results(pgconn, math.inf)
    pgconn.exit_pipeline_mode()
    for result in results:
        if result.status not in _GOOD:
            raise error_from_result(result, encoding="utf-8")


def begins_plainly(connection: Connection[Any]) -> bool:
    """Whether the next statement on a connection would begin a transaction as PostgreSQL does by itself."""
    asked = (connection.isolation_level, connection.read_only, connection.deferrable)
    idle = connection.pgconn.transaction_status == pq.TransactionStatus.IDLE
    return idle and not connection.autocommit and asked == (None, None, None)


def fetch_inside(
    connection: Connection[Any], *, sql: bytes, values: Sequence[Any], make_row: Callable[[Sequence[Any]], Any]
) -> list[Any]:
    """Run one SELECT in the transaction that is open on a connection, and build its rows.

    The driver prepares it: it forgets what is prepared after a rollback, which `fetch` would not learn of.
    """
    with RawCursor(connection) as cursor:
        cursor.execute(sql, values, binary=True)
        return [make_row(row) for row in cursor.fetchall()]


def _known(connection: Connection[Any]) -> set[bytes]:
    return _prepared.setdefault(connection, set())


def _error(connection: Connection[Any], result: PGresult) -> Error:
    error = error_from_result(result, encoding="utf-8")
    if error.sqlstate in STALE:
        # A migration changed what it answers, or a pooler forgot it: a new connection prepares it anew.
        connection.close()
    return error


def _send(connection: Connection[Any], name: bytes, sql: bytes, params: Any, *, prepare: bool) -> bool:
    """Queue the statement; whether it is prepared on the way."""
    pgconn, known = connection.pgconn, _known(connection)
    prepares = prepare and name not in known and len(known) < _PREPARED_LIMIT
    if prepares:
        pgconn.send_prepare(name, sql)
    if prepares or (prepare and name in known):
        pgconn.send_query_prepared(name, params, result_format=_BINARY)
    else:
        pgconn.send_query_params(sql, params, result_format=_BINARY)
    pgconn.pipeline_sync()
    return prepares


def _flush(pgconn: PGconn, deadline: float) -> None:
    while pgconn.flush():
        _wait(pgconn, select.POLLIN | select.POLLOUT, deadline)
        pgconn.consume_input()


def _results(pgconn: PGconn, deadline: float) -> list[PGresult]:
    found: list[PGresult] = []
    while True:
        # A bare get_result() would hold the GIL and block the event loop until the server answers.
        while pgconn.is_busy():
            _wait(pgconn, select.POLLIN, deadline)
            pgconn.consume_input()
        result = pgconn.get_result()
        if result is None:
            continue
        if result.status == pq.ExecStatus.PIPELINE_SYNC:
            return found
        if result.status == pq.ExecStatus.FATAL_ERROR and pgconn.status != pq.ConnStatus.OK:
            raise error_from_result(result, encoding="utf-8")
        found.append(result)


def _wait(pgconn: PGconn, events: int, deadline: float) -> None:
    poll = select.poll()  # looked up at call time: gevent replaces it
    poll.register(pgconn.socket, events)
    patience = None if deadline == math.inf else max(0.0, deadline - time.monotonic()) * 1000
    if not poll.poll(patience):
        raise QueryCanceled("The server does not answer")
