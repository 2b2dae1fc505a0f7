"""One read in one round trip: a libpq pipeline that sets the agency and runs a prepared SELECT."""

from __future__ import annotations

import select
from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from psycopg import Connection, pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq.abc import PGconn, PGresult

SET_AGENCY = b"select set_config('app.agency_id', $1, true)"
_BINARY = 1
_PREPARED_LIMIT = 400
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
) -> list[Any]:
    """Run one SELECT for one agency on an autocommit connection and build its rows.

    Everything before the one Sync is a single implicit transaction (PostgreSQL documentation, "Pipelining"),
    so the local setting is seen by this statement only and nothing of it stays on the connection.
    """
    transformer = Transformer(connection)
    params = transformer.dump_sequence(values, [PyFormat.TEXT] * len(values))
    pgconn = connection.pgconn
    pgconn.enter_pipeline_mode()
    try:
        expected = _send(connection, agency_id, name, sql, params, prepare=prepare)
        results = _results(pgconn, expected)
    finally:
        if pgconn.status == pq.ConnStatus.OK:
            pgconn.exit_pipeline_mode()
    for result in results:
        if result.status not in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
            _prepared.pop(connection, None)
            raise error_from_result(result, encoding="utf-8")
    transformer.set_pgresult(results[-1])
    return transformer.load_rows(0, results[-1].ntuples, make_row)


def _send(connection: Connection[Any], agency_id: str, name: bytes, sql: bytes, params: Any, *, prepare: bool) -> int:
    pgconn = connection.pgconn
    known = _prepared.setdefault(connection, set())
    sent = 2
    pgconn.send_query_params(SET_AGENCY, [agency_id.encode()])
    if prepare and (name in known or len(known) < _PREPARED_LIMIT):
        if name not in known:
            pgconn.send_prepare(name, sql)
            known.add(name)
            sent += 1
        pgconn.send_query_prepared(name, params, result_format=_BINARY)
    else:
        pgconn.send_query_params(sql, params, result_format=_BINARY)
    pgconn.pipeline_sync()
    while pgconn.flush():
        _wait(pgconn, select.POLLIN | select.POLLOUT)
        pgconn.consume_input()
    return sent


def _results(pgconn: PGconn, expected: int) -> list[PGresult]:
    found: list[PGresult] = []
    while True:
        # A bare get_result() would hold the GIL and block the event loop until the server answers.
        while pgconn.is_busy():
            _wait(pgconn, select.POLLIN)
            pgconn.consume_input()
        result = pgconn.get_result()
        if result is None:
            continue
        if result.status == pq.ExecStatus.PIPELINE_SYNC:
            return found
        if result.status == pq.ExecStatus.FATAL_ERROR and pgconn.status != pq.ConnStatus.OK:
            raise error_from_result(result, encoding="utf-8")
        found.append(result)


def _wait(pgconn: PGconn, events: int) -> None:
    poll = select.poll()  # looked up at call time: gevent replaces it
    poll.register(pgconn.socket, events)
    poll.poll()
