"""Encrypted columns: AES-256-GCM under the person's data key, bound to table, column, agency and row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Dialect, Text, Uuid, event, inspect
from sqlalchemy.orm import InstrumentedAttribute, MappedColumn, Mapper, Session, mapped_column
from sqlalchemy.types import TypeDecorator

from core import ids
from core.crypto import Unreadable
from core.db.base import stored
from core.db.personal import Category, personal
from core.db.tenancy import current_agency_id
from core.extensions import db
from core.vault import alarm, blind, keys, texts
from core.vault.keys import Key, Person


class NotSealed(TypeError):
    """A value was about to reach an encrypted column in clear, past the session's flush: a defect."""


class Secret:
    """A value of an encrypted column: written as `Secret("...")`, opened again by `reveal`."""

    __slots__ = ("place", "plain", "sealed")

    def __init__(self, plain: str | None, *, sealed: str | None = None) -> None:
        self.plain = plain
        """What was set here; None of a value that was read."""
        self.sealed = sealed
        """As it is stored; None until the session's flush."""
        self.place: bytes | None = None
        """What it was sealed for by this session."""

    def __repr__(self) -> str:
        return "Secret(...)"


class Ciphertext(TypeDecorator[Secret]):
    """Text that only ever holds sealed values."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """The sealed text. Raises NotSealed for anything else: nothing is stored in clear by mistake."""
        if value is None:
            return None
        sealed = value.sealed if isinstance(value, Secret) else None
        if sealed is None:
            raise NotSealed("Encrypted columns take a Secret, set on an entity of the session")
        return sealed

    def process_result_value(self, value: Any, dialect: Dialect) -> Secret | None:
        """The value, still closed."""
        return None if value is None else Secret(None, sealed=value)


class About(NamedTuple):
    """Whose data key a column's values are sealed with."""

    column: str
    """The attribute with the person's id."""
    subject: str
    """What kind they are, as `contacts.contact`."""
    subject_from: str
    """The attribute that says so instead."""


def encrypted(
    about: str, *, subject: str = "", subject_from: str = "", category: Category | str = Category.IDENTITY
) -> MappedColumn[Any]:
    """A column `Mapped[Secret | None]` whose values are sealed with a person's data key, and die with it.

    `about` names the attribute that holds the person's id, `subject` what kind they are (`contacts.contact`);
    `subject_from` an attribute that says so where it differs from row to row.
    """
    info = {**personal(category), "about": About(about, subject, subject_from)}
    return mapped_column(Ciphertext(), info=info)


def blind_index(of: str, *, spelled: Callable[[str], str] = blind.spelled) -> MappedColumn[Any]:
    """A column `Mapped[UUID | None]` to find an encrypted one's exact value by: a keyed digest of how it is `spelled`.

    It is set with the column it is `of`. Equality only; the same value has another digest in another agency.
    """
    return mapped_column(Uuid(), info={**personal(Category.COPY), "blind": (of, spelled)})


def blinded(column: InstrumentedAttribute[Any]) -> Callable[[str], UUID]:
    """What a value is stored as in a blind index of the acting agency: for `Filter(..., stored=blinded(column))`."""
    of, spelled = column.property.columns[0].info["blind"]
    place = f"{column.property.columns[0].table.name}.{of}"
    return lambda value: blind.digest(spelled(value), place=place)


def reveal(entity: Any, column: InstrumentedAttribute[Any]) -> str | None:
    """The clear text of one column of an entity. Raises Erased, Unreadable."""
    secret: Secret | None = getattr(entity, column.key)
    if secret is None:
        return None
    if secret.plain is not None:
        return secret.plain
    return _opened(secret, column, agency_id=entity.agency_id, row_id=entity.id, key=keys.of(_person(entity, column)))


class Closed(NamedTuple):
    """A value that a SELECT of columns has read, with where it came from."""

    row_id: UUID
    subject_id: UUID
    secret: Secret | None


def reveal_all(
    values: Iterable[Closed], column: InstrumentedAttribute[Any], *, subject: str = ""
) -> Iterator[str | None]:
    """The clear texts of one column of many rows of the acting agency, one statement for all of their keys.

    `subject` where the column takes it from the row. Raises Unreadable; what was sealed about somebody who was erased
    is None.
    """
    for text in reveal_readable(values, column, subject=subject):
        if isinstance(text, Unreadable):
            raise text
        yield text


def reveal_readable(
    values: Iterable[Closed], column: InstrumentedAttribute[Any], *, subject: str = ""
) -> Iterator[str | None | Unreadable]:
    """The same, with why in the place of what nobody can open; whoever watches is told of that."""
    rows = list(values)
    kind = subject or about_of(column).subject
    known = keys.tried(kind, [row.subject_id for row in rows if row.secret is not None])
    agency_id = current_agency_id()
    for row in rows:
        key = known.get(row.subject_id)
        if row.secret is None or key is None:
            yield None
            continue
        if isinstance(key, Unreadable):
            yield key
            continue
        try:
            text = _opened(row.secret, column, agency_id=agency_id, row_id=row.row_id, key=key)
        except Unreadable as error:
            alarm.unreadable(column.property.columns[0].table.name, row.row_id, error)
            yield error
        else:
            yield text


def about_of(column: InstrumentedAttribute[Any]) -> About:
    """Whose data key a column's values are sealed with."""
    found: About = column.property.columns[0].info["about"]
    return found


def _person(entity: Any, column: InstrumentedAttribute[Any], *, subject_id: UUID | None = None) -> Person:
    about = about_of(column)
    kind = getattr(entity, about.subject_from) if about.subject_from else about.subject
    return Person(kind, subject_id or getattr(entity, about.column))


def place_of(column: InstrumentedAttribute[Any], agency_id: UUID, row_id: UUID) -> bytes:
    """The one place where a value opens: its column, agency and row."""
    stored = column.property.columns[0]
    return f"{stored.table.name}:{stored.name}:{agency_id}:{row_id}".encode()


def _opened(secret: Secret, column: InstrumentedAttribute[Any], *, agency_id: UUID, row_id: UUID, key: Key) -> str:
    return texts.opened(secret.sealed or "", key=key, place=place_of(column, agency_id, row_id))


def columns_of(mapper: Mapper[Any]) -> tuple[InstrumentedAttribute[Any], ...]:
    """The encrypted columns of a mapped class."""
    found = _columns.get(mapper)
    if found is None:
        mine = [key for key, column in stored(mapper) if "about" in column.info]
        found = _columns[mapper] = tuple(getattr(mapper.class_, key) for key in mine)
    return found


_columns: dict[Mapper[Any], tuple[InstrumentedAttribute[Any], ...]] = {}


@event.listens_for(db.session, "before_flush")
def _seal(session: Session, flush_context: object, instances: object) -> None:
    for entity in (*session.new, *session.dirty):
        for column in columns_of(inspect(entity).mapper):
            _seal_column(entity, column)


def _seal_column(entity: Any, column: InstrumentedAttribute[Any]) -> None:
    _follow_subject(entity, column)
    # Not getattr: what was not loaded did not change.
    secret: Secret | None = vars(entity).get(column.key)
    state = inspect(entity)
    # What is new may have been flushed before, in a savepoint that is gone.
    if state.has_identity and not state.attrs[column.key].history.has_changes():
        return
    _index(entity, column, secret)
    if secret is None:
        return
    entity.id = entity.id or ids.new()
    agency_id = entity.agency_id or current_agency_id()
    key, place = keys.to_seal(_person(entity, column)), place_of(column, agency_id, entity.id)
    if secret.sealed is not None:
        if secret.place == place and texts.is_sealed_with(secret.sealed, key):
            return
        if secret.plain is None:
            raise NotSealed("What was read from one row or column cannot be opened in another: reveal it first")
        # It also stands elsewhere, or its key went with a savepoint.
        secret = Secret(secret.plain)
        setattr(entity, column.key, secret)
    secret.place = place
    secret.sealed = texts.sealed(secret.plain or "", key=key, place=place)


def _follow_subject(entity: Any, column: InstrumentedAttribute[Any]) -> None:
    """Where a row is about somebody else from now on, what it keeps is sealed with their key."""
    history = inspect(entity).attrs[about_of(column).column].history
    if not (history.deleted and history.deleted[0] is not None and inspect(entity).has_identity):
        return
    secret: Secret | None = getattr(entity, column.key)
    if secret is None or secret.sealed is None:
        return
    before = keys.of(_person(entity, column, subject_id=history.deleted[0]))
    plain = _opened(secret, column, agency_id=entity.agency_id, row_id=entity.id, key=before)
    setattr(entity, column.key, Secret(plain))


def _index(entity: Any, column: InstrumentedAttribute[Any], secret: Secret | None) -> None:
    for key, stored_column in stored(inspect(entity).mapper):
        of, spelled = stored_column.info.get("blind", ("", None))
        if of != column.key or spelled is None:
            continue
        if secret is None:
            setattr(entity, key, None)
        elif secret.plain is not None:
            place = f"{stored_column.table.name}.{of}"
            setattr(entity, key, blind.digest(spelled(secret.plain), place=place))
