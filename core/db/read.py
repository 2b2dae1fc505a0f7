"""The read engine: SELECTs compiled once, run in one round trip, straight into Structs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from hashlib import blake2b
from typing import Any, Generic, TypeAlias, TypeVar

import msgspec
import psycopg
from flask import Flask, current_app
from psycopg.types.json import set_json_loads
from psycopg_pool import ConnectionPool, PoolTimeout
from sqlalchemy import ARRAY, Dialect, Float, Numeric, Select
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.sql.elements import BindParameter
from sqlalchemy.types import TypeEngine

from core.config import Settings
from core.db import wire
from core.db.base import Model
from core.db.tenancy import IN_AGENCY, NOT_DELETED, current_agency_id
from core.extensions import db

S = TypeVar("S")
Statement: TypeAlias = Select[*tuple[Any, ...]]
"""A SELECT of columns."""
GRACE = 5.0
"""Seconds a server may take to tell that a statement took too long."""
_TRY_AGAIN = 1.0
"""About how often, in seconds, a pool without connections looks whether the database is back."""
_KEEP_ALIVE: dict[str, Any] = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
_KEEP_ALIVE |= {"tcp_user_timeout": 30_000}  # Milliseconds.
_NUMERIC, _DOUBLE = 1700, 701  # pg_type.oid
# The driver's dialect has no annotations.
_DIALECT: Dialect = PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


def columns(view: type[msgspec.Struct], model: type[Model], **others: Any) -> list[Any]:
    """The columns that make a Struct, in its field order: the model's of the same name, or those given in `others`."""
    return [others[name] if name in others else getattr(model, name) for name in view.__struct_fields__]


class Query(Generic[S]):
    """A SELECT of columns and what to build from each row; make it once, run it with its bind values.

    `into` receives the columns in the order they are selected. The agency filter is added here. A statement whose best
    plan is the same whatever its values may be `planned_once`, which for a long one saves more than running it takes.
    """

    def __init__(
        self,
        statement: Statement,
        into: Callable[..., S],
        *,
        include_deleted: bool = False,
        planned_once: bool = False,
    ) -> None:
        self.statement = statement
        self.into = into
        self.include_deleted = include_deleted
        self.planned_once = planned_once
        options = self._criteria()
        compiled = statement.options(*options).compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
        self._sql = str(compiled).encode()
        self._name = blake2b(self._sql, digest_size=12).hexdigest().encode()
        self._takes = _taken(compiled)
        processes = [_result_process(column.type) for column in statement.selected_columns]
        self._results = [(place, process) for place, process in enumerate(processes) if process]

    def rows(self, **values: Any) -> list[S]:
        """Every row of the acting agency. Raises NoAgency when nobody acts in one."""
        # Asking for the session would make one, with every read.
        if db.session.registry.has() and db.session().in_transaction():
            return self._inside(values)
        return self._fetch("app", str(current_agency_id()), values)

    def first(self, **values: Any) -> S | None:
        """The first row, or None."""
        rows = self.rows(**values)
        return rows[0] if rows else None

    def _criteria(self) -> tuple[Any, ...]:
        return (IN_AGENCY,) if self.include_deleted else (IN_AGENCY, NOT_DELETED)

    def _fetch(self, role: str, agency_id: str, values: Mapping[str, Any]) -> list[S]:
        parameters = self._parameters(values)
        return reader(role).fetch(
            agency_id, self._name, self._sql, parameters, self._make_row, planned_once=self.planned_once
        )

    def _make_row(self, row: Sequence[Any]) -> S:
        if not self._results:
            return self.into(*row)
        converted = list(row)
        for place, process in self._results:
            converted[place] = process(row[place])
        return self.into(*converted)

    def _inside(self, values: Mapping[str, Any]) -> list[S]:
        # A read inside a write uses the write's connection: it sees what was written so far.
        session = db.session()
        # As before the ORM's own statements, which do so unless a flush is what asks.
        session._autoflush()  # noqa: SLF001
        raw: Any = session.connection().connection.dbapi_connection
        return wire.fetch_inside(raw, sql=self._sql, values=self._parameters(values), make_row=self._make_row)

    def _parameters(self, values: Mapping[str, Any]) -> list[Any]:
        return [take(values) for take in self._takes]


def _taken(compiled: Any) -> list[Callable[[Mapping[str, Any]], Any]]:
    """What takes each parameter of a statement, in order, from the values it runs with.

    SQLAlchemy's own way looks at all that a parameter may be, at each execution.
    """
    # What SQLAlchemy's own execution converts values with.
    converts: Mapping[str, Any] = compiled._bind_processors  # noqa: SLF001
    late = {bind.key: None for bind in compiled.binds.values() if bind.callable or bind.required}
    fixed = compiled.construct_params(late)
    return [
        _take(compiled.binds.get(name), fixed[name], converts.get(name) or _same) for name in compiled.positiontup or ()
    ]


def _take(
    bind: BindParameter[Any] | None, value: Any, convert: Callable[[Any], Any]
) -> Callable[[Mapping[str, Any]], Any]:
    if bind is None:
        # One of a list of constants, which is spelled out.
        constant = convert(value)
        return lambda values: constant
    key, current = bind.key, bind.callable
    if current is not None:
        return lambda values: convert(values[key] if key in values else current())
    if bind.required:
        return lambda values: convert(values[key])
    usual = convert(value)
    return lambda values: convert(values[key]) if key in values else usual


def _same(value: Any) -> Any:
    return value


class SystemQuery(Query[S]):
    """A SELECT as the system role, for what has no agency yet or spans agencies; nothing filters it.

    Its connection is its own: it never sees what the running unit of work has not committed. A test lists its makers.
    """

    def rows(self, **values: Any) -> list[S]:
        """Every row, whatever the agency."""
        return self._fetch("system", "", values)

    def _criteria(self) -> tuple[Any, ...]:
        return ()


def rows(statement: Statement, into: Callable[..., S]) -> list[S]:
    """Run a SELECT that is used once; prefer a module-level Query where the shape is fixed."""
    return Query(statement, into).rows()


def first(statement: Statement, into: Callable[..., S]) -> S | None:
    """The first row of a SELECT that is used once."""
    return Query(statement, into).first()


def _result_process(kind: TypeEngine[Any]) -> Callable[[Any], Any] | None:
    """What SQLAlchemy's own execution makes of a column's values; None where the driver's are as wanted."""
    if isinstance(kind, ARRAY) and _result_process(kind.item_type) is None:
        # It would copy the driver's list.
        return None
    process: Callable[[Any], Any] | None = kind._cached_result_processor(_DIALECT, _oid(kind))  # noqa: SLF001
    return process


def _oid(kind: TypeEngine[Any]) -> int | None:
    """SQLAlchemy asks which number the driver answers with; here it must be known before any answer."""
    # No public name tells what a decorated type is underneath.
    affinity = kind._type_affinity or type(kind)  # noqa: SLF001
    if issubclass(affinity, Float):
        return _DOUBLE
    return _NUMERIC if issubclass(affinity, Numeric) else None


def _worth_repeating(error: psycopg.Error) -> bool:
    """Whether the connection had died while it lay in the pool, or its prepared statement no longer fits."""
    if isinstance(error, PoolTimeout):
        return False
    if error.sqlstate is None:
        return isinstance(error, psycopg.OperationalError)
    return error.sqlstate in wire.STALE or error.sqlstate.startswith(("57P", "08"))


class Reader:
    """A pool of autocommit connections of one database role, opened at the first read."""

    def __init__(self, url: str, settings: Settings) -> None:
        self._prepare = settings.database_pooler == "none"
        # The server ends a statement by itself; this is for one that is gone without a word.
        self._patience = settings.database_statement_timeout.total_seconds() + GRACE
        self._pool: ConnectionPool[Any] = ConnectionPool(
            url,
            kwargs={"autocommit": True, "prepare_threshold": None, **connect_options(settings)},
            min_size=1,
            max_size=settings.database_pool_size,
            timeout=settings.database_statement_timeout.total_seconds(),
            configure=_configure,
            # The pool's own way is to try less and less often, and to be minutes late after a long outage.
            reconnect_timeout=_TRY_AGAIN,
            reconnect_failed=lambda pool: pool.check(),
            open=False,
            name="tripfile-read",
        )

    def fetch(
        self,
        agency_id: str,
        name: bytes,
        sql: bytes,
        params: Sequence[Any],
        make_row: Callable[[Sequence[Any]], S],
        *,
        planned_once: bool = False,
    ) -> list[S]:
        """Run one prepared SELECT for an agency."""
        self._pool.open()
        try:
            return self._fetch(agency_id, name, sql, params, make_row, planned_once=planned_once)
        except psycopg.Error as error:
            if not _worth_repeating(error):
                raise
            # The statement reads only, so once more is safe.
            self._pool.check()
            return self._fetch(agency_id, name, sql, params, make_row, planned_once=planned_once)

    def _fetch(
        self, agency_id: str, name: bytes, sql: bytes, params: Sequence[Any], make_row: Any, *, planned_once: bool
    ) -> list[Any]:
        with self._pool.connection() as connection:
            return wire.fetch(
                connection,
                agency_id=agency_id,
                name=name,
                sql=sql,
                values=params,
                make_row=make_row,
                prepare=self._prepare,
                planned_once=planned_once,
                patience=self._patience,
            )

    def close(self) -> None:
        """Close the pool; the next read does not reopen it."""
        self._pool.close()


def _configure(connection: psycopg.Connection[Any]) -> None:
    # Several times as quick as the standard library, and a page may hold a hundred documents.
    set_json_loads(msgspec.json.decode, connection)


def connect_options(settings: Settings) -> dict[str, Any]:
    """Driver options every connection gets: time-outs in the server, keep-alives on the socket."""
    options = {"connect_timeout": 5, "application_name": "tripfile"} | _KEEP_ALIVE
    if settings.database_pooler == "none":
        statement, lock = (
            int(limit / timedelta(milliseconds=1))
            for limit in (settings.database_statement_timeout, settings.database_lock_timeout)
        )
        # PgBouncer refuses start-up options; there the role carries them (`tripfile db roles`).
        options["options"] = f"-c statement_timeout={statement} -c lock_timeout={lock}"
    return options


def install(app: Flask, settings: Settings, *, app_url: str, system_url: str) -> None:
    """Give the application its readers, one per role."""
    app.extensions["tripfile.readers"] = {"app": Reader(app_url, settings), "system": Reader(system_url, settings)}


def reader(role: str) -> Reader:
    """The reader of a role: `app`, or `system`."""
    found: Reader = current_app.extensions["tripfile.readers"][role]
    return found
