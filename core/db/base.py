"""The declarative base and the mixins every table is built from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    MetaData,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, Mapper, declared_attr, mapped_column, registry

from core import clock, ids
from core.db.personal import NOT_PERSONAL


class Model(DeclarativeBase):
    """The base of every mapped class. Text has no length, instants carry a zone, ids are UUIDs."""

    registry = registry(
        metadata=MetaData(
            naming_convention={
                "pk": "%(table_name)s_pkey",
                "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
                "uq": "%(table_name)s_%(column_0_N_name)s_key",
                "ix": "%(table_name)s_%(column_0_N_name)s_idx",
                "ck": "%(table_name)s_%(constraint_name)s_check",
            }
        ),
        type_annotation_map={
            str: Text(),
            UUID: Uuid(),
            datetime: DateTime(timezone=True),
            date: Date(),
            int: BigInteger(),
            # Nothing said is NULL, not the JSON of it.
            dict[str, Any]: JSONB(none_as_null=True),
            list[str]: JSONB(none_as_null=True),
            list[int]: JSONB(none_as_null=True),
        },
    )


def stored(mapper: Mapper[Any]) -> Iterator[tuple[str, Column[Any]]]:
    """The columns of a class that its table has, with what they are called in Python; others only read along."""
    for attribute in mapper.column_attrs:
        if isinstance(column := attribute.columns[0], Column):
            yield attribute.key, column


class Tenant:
    """A row that belongs to an agency: filtered by it on every read, stamped with it on every write."""

    agency_id: Mapped[UUID] = mapped_column(ForeignKey("core_agency.id", ondelete="CASCADE"), sort_order=-20)


class Identified(Tenant):
    """A row of an agency with an id of its own."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new, sort_order=-30)


class Numbered(Identified):
    """A row that is the next of a stream: written with `streams.append`, numbered when the unit of work commits."""

    seq: Mapped[int] = mapped_column(sort_order=-10, info=NOT_PERSONAL)


class Versioned:
    """A row that counts its changes, so that a lost race is noticed, and knows when it was made and last changed."""

    version: Mapped[int] = mapped_column(sort_order=90, info=NOT_PERSONAL)
    created_at: Mapped[datetime] = mapped_column(default=clock.now, sort_order=91)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now, onupdate=clock.now, sort_order=92)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805 - declared attributes receive the class
        return {"version_id_col": cls.version}


class Owned(Identified, Versioned):
    """A business row: an id, its agency, its version and when it was made and last changed."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        table = cls.__dict__.get("__tablename__")
        if table:
            # What composite foreign keys of other tables point at.
            key = UniqueConstraint("agency_id", "id", name=f"{table}_agency_id_id_key")
            setattr(cls, "__table_args__", (key, *cls.__dict__.get("__table_args__", ())))  # noqa: B010 - unknown to types
        super().__init_subclass__(**kwargs)


class SoftDeleted:
    """A row that is hidden rather than removed; statements see it only with `include_deleted=True`."""

    deleted_at: Mapped[datetime | None] = mapped_column(sort_order=93)


def owned_key(column: str, table: str, *, referred: str = "id", ondelete: str | None = None) -> ForeignKeyConstraint:
    """A foreign key that cannot point into another agency: `(agency_id, column)` to `(agency_id, referred)`."""
    return ForeignKeyConstraint(["agency_id", column], [f"{table}.agency_id", f"{table}.{referred}"], ondelete=ondelete)
