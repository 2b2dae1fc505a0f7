"""What errors of the database mean to a client, and which of them are worth another try."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg_pool import PoolTimeout
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoFreeConnection

from core.errors import Conflict, Invalid, Problem, Unavailable

MAX_ATTEMPTS = 3
# SQLSTATE codes: PostgreSQL documentation, appendix A.
_LOST_RACE = {"40001", "40P01"}
_UNIQUE, _FOREIGN_KEY, _CHECK = "23505", "23503", "23514"
_LOCKED = "55P03"
_DEAD = {"57P01", "57P02", "57P03"}
_BUSY = {"57014", "55P03", "53300", "53400", "53100", "53200", "25P03"}


class AlreadyExists(Conflict):
    """Something with the same unique value is there already."""

    code = "already_exists"
    title = "It exists already"


class StillReferred(Conflict):
    """Something else points at it, or it points at something that is gone."""

    code = "reference_broken"
    title = "Something it is connected with is missing, or still needs it"


def problem_of(error: Exception) -> Problem | None:
    """The problem a database error stands for; None when it is no database error, or a bug of ours."""
    if isinstance(error, (NoFreeConnection, PoolTimeout)):
        return _unavailable("All database connections are in use")
    cause = _cause(error)
    if not isinstance(cause, psycopg.Error):
        return None
    state = cause.sqlstate or ""
    if state == _UNIQUE:
        return AlreadyExists()
    if state == _FOREIGN_KEY:
        return StillReferred()
    if state == _CHECK or isinstance(cause, psycopg.DataError):
        return Invalid("A value cannot be stored")
    if state in _BUSY or state in _LOST_RACE:
        return _unavailable("The database took too long")
    return _unavailable("The database cannot be reached") if is_dead_connection(error) else None


def is_lost_race(error: Exception) -> bool:
    """Whether the transaction lost against another one and may simply be run again."""
    return getattr(_cause(error), "sqlstate", None) in _LOST_RACE


def is_in_the_way(error: Exception) -> bool:
    """The same, or whether it waited in vain for a row that another one holds."""
    return is_lost_race(error) or getattr(_cause(error), "sqlstate", None) == _LOCKED


def is_dead_connection(error: Exception) -> bool:
    """Whether the connection was gone, as all pooled ones are after the server restarted."""
    cause = _cause(error)
    if isinstance(cause, PoolTimeout) or not isinstance(cause, (psycopg.OperationalError, psycopg.InterfaceError)):
        return False
    state = cause.sqlstate
    return state is None or state in _DEAD or state.startswith("08")


def _cause(error: Exception) -> Any:
    return error.orig if isinstance(error, DBAPIError) else error


def _unavailable(detail: str) -> Unavailable:
    return Unavailable(detail, headers={"Retry-After": "1"})
