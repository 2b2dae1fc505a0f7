"""The unit of work at every edge, and the only place that commits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flask import Flask, current_app
from sqlalchemy import Connection
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from core.db import closing
from core.errors import PreconditionFailed
from core.extensions import db

_SNAPSHOT = "tripfile.snapshot"


class UnitOfWork:
    """One request, job, socket event or command; it commits as a whole or not at all."""

    def __init__(self) -> None:
        self.discarded = False

    def discard(self) -> None:
        """Undo everything done so far; nothing is committed at the end."""
        db.session.rollback()
        self.discarded = True


@contextmanager
def unit_of_work() -> Iterator[UnitOfWork]:
    """Commit what the block did, or roll all of it back when it raises. Opens no connection by itself."""
    work = UnitOfWork()
    try:
        yield work
        if not work.discarded:
            _commit()
    except StaleDataError:
        db.session.rollback()
        raise PreconditionFailed from None
    except BaseException:
        db.session.rollback()
        raise


def _commit() -> None:
    # Asking for the session would make one.
    if not db.session.registry.has():
        return
    if db.session().in_transaction() or db.session.new or db.session.dirty:
        db.session.commit()


def keep() -> None:
    """Commit what the running unit of work did so far; what comes after is another one of the same edge.

    For jobs that work portion by portion, by `current_run().keep()`, and for nothing else.
    """
    _commit()


def undo() -> None:
    """Undo what the running unit of work did since it began, or since `keep`, to do it again.

    For jobs that work portion by portion, and for nothing else.
    """
    db.session.rollback()


@contextmanager
def snapshot() -> Iterator[None]:
    """Every read inside sees the database as it was at the first of them, and nothing can be written.

    The transaction of it ends with the block. Raises RuntimeError in a unit of work that has begun already.
    """
    session = db.session()
    if session.in_transaction():
        raise RuntimeError("Take a snapshot before the unit of work reads or writes")
    try:
        session.connection(execution_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True})
        session.info[_SNAPSHOT] = True
        yield
    finally:
        session.info.pop(_SNAPSHOT, None)
        db.session.rollback()


def in_snapshot() -> bool:
    """Whether reads see the database as it was some time ago: nothing for others to be remembered."""
    # Asking for the session would make one.
    return db.session.registry.has() and _SNAPSHOT in db.session().info


@contextmanager
def apart() -> Iterator[Session]:
    """A second, short unit of work as the system role that commits on its own, whatever becomes of the first.

    For security facts, throttles, progress and send-intents only; a test lists its call sites.
    """
    with Session(db.engines["system"], expire_on_commit=False) as session:
        yield session
        closing.of(session).prepare()
        session.commit()
        closing.of(session).finish()


@contextmanager
def at_once() -> Iterator[Connection]:
    """A connection of the system role on which each statement commits by itself, whatever becomes of this process.

    For statements that lock what others wait for: a process that is stopped between a statement and its commit, as
    those of a machine that is moved, would keep the locks until it goes on.
    """
    with db.engines["system"].execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        yield connection


def at_end(app: Flask, call: Callable[[], None]) -> None:
    """Call this when the process disposes of its connections: whatever runs in the background must end first."""
    app.extensions.setdefault("tripfile.at_end", []).append(call)


def dispose() -> None:
    """End what runs in the background and close every pooled connection of this process."""
    for call in current_app.extensions.get("tripfile.at_end", ()):
        call()
    # Last of what runs: the others may have told something.
    current_app.extensions["tripfile.bus"].close()
    for engine in db.engines.values():
        engine.dispose()
    for reader in current_app.extensions["tripfile.readers"].values():
        reader.close()
