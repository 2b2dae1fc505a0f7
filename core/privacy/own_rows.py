"""What the core itself holds about people: found and overwritten by what its tables say about their columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import structs
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Table,
    Text,
    Uuid,
    and_,
    any_,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
    update,
)

from core.db.base import Model
from core.db.ownership import CORE
from core.db.personal import Category, author_of, category_of, user_of
from core.db.tenancy import current_agency_id
from core.events.models import EventEntry, EventOrigin
from core.extensions import db
from core.http.models import KeptAnswer
from core.jobs.models import JobEntry
from core.privacy import rows
from core.privacy.models import PrivacyRequest
from core.privacy.subjects import USER, Holding, Outcome, Subject
from core.privacy.words import stand_in
from core.search import SearchToken
from core.users.models import Membership, User

LOG_KEPT = "The audit log is append-only and sealed; it names people by id"
_PAGE = 500
_EVENT = EventEntry.metadata.tables[EventEntry.__tablename__]
_ORIGIN = EventOrigin.metadata.tables[EventOrigin.__tablename__]
_ANSWER = KeptAnswer.metadata.tables[KeptAnswer.__tablename__]
_JOB = JobEntry.metadata.tables[JobEntry.__tablename__]
_TOKEN = SearchToken.metadata.tables[SearchToken.__tablename__]
_REQUEST = PrivacyRequest.metadata.tables[PrivacyRequest.__tablename__]
_MEMBER = Membership.metadata.tables[Membership.__tablename__]
_USER = User.metadata.tables[User.__tablename__]
_COPIES = frozenset({_ANSWER.name, _JOB.name, _TOKEN.name})
GONE = b'{"type":"about:blank","title":"The person this was about was erased","status":409,"code":"erased"}'


def holdings(subject: Subject) -> Iterator[Holding]:
    """The rows of the core about a person; what the log says is `log_of`."""
    for table, row in _rows(subject):
        yield rows.held_row(table, row)


def erase(subject: Subject) -> Iterator[Outcome]:
    """Overwrite them, and whatever keeps copies of what others said about the person."""
    for table in tables():
        about = _about(table, subject)
        if about is not None:
            yield _overwritten(table, about)
    yield from _copies(subject)
    yield Outcome(table=str(_ORIGIN.name), rows=_forget_origins(subject))
    if subject.kind == USER:
        yield Outcome(table=str(_EVENT.name), rows=_events_of(subject), kept=LOG_KEPT)


def written(user_id: UUID) -> Iterator[Holding]:
    """What a colleague wrote about others in their own name; it is not theirs to have erased."""
    for table in tables():
        authors = sorted({author for column in table.columns if (author := author_of(column)) is not None})
        if authors:
            mine = or_(*(table.c[name] == user_id for name in authors))
            about = [table.c[name] != user_id for column in table.columns if (name := user_of(column)) is not None]
            found = select(table).where(table.c.agency_id == current_agency_id(), mine, *about)
            for row in db.session.connection().execute(found).mappings():
                yield rows.held_row(table, dict(row))


def log_of(user_id: UUID) -> Iterator[Holding]:
    """Every event a colleague caused, by themselves or in another's name, read as it is asked for."""
    shown = [column for column in _EVENT.columns if column.name not in {"payload", "before", "after"}]
    whence = [_ORIGIN.c.ip, _ORIGIN.c.user_agent, _ORIGIN.c.reason]
    mine = and_(_ORIGIN.c.agency_id == _EVENT.c.agency_id, _ORIGIN.c.event_id == _EVENT.c.id)
    found = select(*shown, *whence).outerjoin(_ORIGIN, mine).where(*_caused_by(user_id))
    found = found.order_by(_EVENT.c.occurred_at, _EVENT.c.id)
    for row in db.session.connection().execute(found, execution_options={"yield_per": _PAGE}).mappings():
        seen = rows.as_seen_by(user_id, dict(row))
        held = rows.held_row(_EVENT, seen)
        yield structs.replace(held, values={**held.values, **{column.name: seen[column.name] for column in whence}})


def tables() -> list[Table]:
    """The tables of the core that hold something personal and belong to agencies, copies of others' rows apart."""
    return [
        table
        for table in Model.metadata.sorted_tables
        if table.name.startswith(f"{CORE}_")
        and "agency_id" in table.columns
        and table.name not in _COPIES | {_ORIGIN.name}
        and any(category_of(column) is not None for column in table.columns)
    ]


def _rows(subject: Subject) -> Iterator[tuple[Table, Mapping[str, Any]]]:
    connection = db.session.connection()
    for table in tables():
        about = _about(table, subject)
        if about is None or not _may(table).read:
            continue
        mine = select(table).where(table.c.agency_id == current_agency_id(), about)
        for row in connection.execute(mine).mappings().all():
            yield table, dict(row)
    if subject.kind == USER:
        # The identity itself, as far as it is a colleague's here; it is overwritten when no agency has it any more.
        for row in connection.execute(select(_USER).where(_USER.c.id == subject.id)).mappings().all():
            yield _USER, dict(row)
        member = select(_MEMBER).where(_MEMBER.c.agency_id == current_agency_id(), _MEMBER.c.user_id == subject.id)
        for row in connection.execute(member).mappings().all():
            yield _MEMBER, dict(row)


def _about(table: Table, subject: Subject) -> ColumnElement[bool] | None:
    """What rows of a table are about a person; None where none can be."""
    conditions: list[ColumnElement[bool]] = []
    if subject.kind == USER:
        users = {user for column in table.columns if (user := user_of(column)) is not None}
        conditions += [table.c[name] == subject.id for name in sorted(users)]
        contacts = [column for column in table.columns if category_of(column) is Category.CONTACT]
        conditions += [column.in_(subject.emails) for column in contacts if subject.emails]
    if {"subject", "subject_id"} <= set(table.c.keys()):
        conditions.append((table.c.subject == subject.kind) & (table.c.subject_id == subject.id))
    return or_(*conditions) if conditions else None


def _overwritten(table: Table, about: ColumnElement[bool]) -> Outcome:
    """What became of the rows about somebody that say something, however many they are."""
    may, name = _may(table), str(table.name)
    personal = [column for column in table.columns if category_of(column) is not None]
    mine = (table.c.agency_id == current_agency_id(), about, or_(*(rows.says(column) for column in personal)))
    connection = db.session.connection()
    if not may.read:
        # The system role's alone: credentials and sessions go when the identity does.
        return Outcome(table=name, rows=0)
    if may.update:
        changed = update(table).where(*mine).values({column: rows.emptied(column) for column in personal})
        return Outcome(table=name, rows=connection.execute(changed).rowcount)
    if may.delete:
        return Outcome(table=name, rows=connection.execute(delete(table).where(*mine)).rowcount)
    count = connection.execute(select(func.count()).select_from(table).where(*mine)).scalar_one()
    return Outcome(table=name, rows=count, kept="The table is append-only")


class _Rights(NamedTuple):
    read: bool
    update: bool
    """Every personal column."""
    delete: bool


def _may(table: Table) -> _Rights:
    """What the application's role may do with a table."""
    personal = [column.name for column in table.columns if category_of(column) is not None]
    asked = (
        func.has_table_privilege(table.name, "SELECT"),
        and_(*(func.has_column_privilege(table.name, name, "UPDATE") for name in personal)),
        func.has_table_privilege(table.name, "DELETE"),
    )
    return _Rights(*db.session.connection().execute(select(*asked)).one())


def _events_of(subject: Subject) -> int:
    counted = select(func.count()).select_from(_EVENT).where(*_caused_by(subject.id))
    return db.session.connection().execute(counted).scalar_one()


def _caused_by(user_id: UUID) -> tuple[ColumnElement[bool], ...]:
    theirs = or_(_EVENT.c.actor_id == user_id, _EVENT.c.impersonator_id == user_id)
    return (_EVENT.c.agency_id == current_agency_id(), theirs)


def _forget_origins(subject: Subject) -> int:
    """Forget where their events came from, and what was said of events about them or with one of their names."""
    here, told = _EVENT.c.agency_id == current_agency_id(), _ORIGIN.c.reason.is_not(None)
    about = select(_EVENT.c.id).where(here, _EVENT.c.subject_id == any_(literal(list(subject.rows), ARRAY(Uuid()))))
    theirs: list[ColumnElement[bool]] = [
        told & or_(_ORIGIN.c.event_id.in_(about), stand_in(_ORIGIN.c.reason, subject.words))
    ]
    if subject.kind == USER:
        # What somebody else did in their name came from somewhere else.
        caused = select(_EVENT.c.id).where(*_caused_by(subject.id))
        really = func.coalesce(_EVENT.c.impersonator_id, _EVENT.c.actor_id) == subject.id
        theirs.append(_ORIGIN.c.event_id.in_(caused.where(really)))
    gone = (delete(_ORIGIN).where(_ORIGIN.c.agency_id == current_agency_id(), each) for each in theirs)
    return sum(db.session.connection().execute(each).rowcount for each in gone)


def _copies(subject: Subject) -> Iterator[Outcome]:
    connection, mine = db.session.connection(), current_agency_id()
    # Whatever is no ASCII is escaped, so that any answer is a text; so are the words.
    told = stand_in(func.encode(_ANSWER.c.body, "escape"), [_escaped(word) for word in subject.words])
    answers = update(_ANSWER).where(_ANSWER.c.agency_id == mine, told)
    # The key stays taken: a repeated request must not do it all again.
    gone = {"status": 409, "headers": {"Content-Type": "application/problem+json"}, "body": GONE}
    yield Outcome(table=str(_ANSWER.name), rows=connection.execute(answers.values(gone)).rowcount)
    if subject.names:
        error = stand_in(_JOB.c.last_error, subject.names)
        jobs = update(_JOB).where(_JOB.c.agency_id == mine, error).values(last_error="[erased]")
        yield Outcome(table=str(_JOB.name), rows=connection.execute(jobs).rowcount)
        payload = stand_in(cast(_JOB.c.payload, Text()), subject.names)
        ended = update(_JOB).where(_JOB.c.agency_id == mine, payload, _JOB.c.finished_at.is_not(None))
        yield Outcome(table=str(_JOB.name), rows=connection.execute(ended.values(payload={})).rowcount)
    if subject.kind == USER:
        yield Outcome(table=str(_TOKEN.name), rows=forget_tokens(subject))


def forget_tokens(subject: Subject) -> int:
    """Let nobody find a colleague by words any more; how many there were."""
    theirs = (_TOKEN.c.entity == USER, _TOKEN.c.entity_id.in_(subject.rows))
    words = delete(_TOKEN).where(_TOKEN.c.agency_id == current_agency_id(), *theirs)
    return db.session.connection().execute(words).rowcount


def _escaped(word: str) -> str:
    """A word as PostgreSQL's `encode(..., 'escape')` writes it."""
    return "".join(chr(byte) if byte < 0x80 else f"\\{byte:03o}" for byte in word.replace("\\", "\\\\").encode())
