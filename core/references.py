"""Reference numbers people read out on the phone: one series per agency, kind and year, such as `L-26-00042`."""

from __future__ import annotations

from sqlalchemy import UniqueConstraint
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped

from core import clock, ids
from core.db.base import Model, Owned
from core.db.personal import Code, Number
from core.db.tenancy import current_agency_id
from core.extensions import db


class NumberSeries(Owned, Model):
    """The last number given out in one series."""

    __tablename__ = "core_number_series"

    series: Mapped[Code]
    year: Mapped[Number]
    last: Mapped[Number]

    __table_args__ = (UniqueConstraint("agency_id", "series", "year"),)


def next_reference(series: str) -> str:
    """The next reference of a series, e.g. `L-26-00042`. Gapless: a rolled-back unit of work gives its number back.

    Concurrent callers of one agency and series wait for each other's commit, so ask for it late.
    """
    year = clock.now().year
    table = NumberSeries.metadata.tables[NumberSeries.__tablename__]
    statement = (
        insert(table)
        .values(
            id=ids.new(),
            agency_id=current_agency_id(),
            series=series,
            year=year,
            last=1,
            version=1,
            created_at=clock.now(),
            updated_at=clock.now(),
        )
        .on_conflict_do_update(
            index_elements=["agency_id", "series", "year"],
            set_={"last": table.c.last + 1, "version": table.c.version + 1, "updated_at": clock.now()},
        )
        .returning(table.c.last)
    )
    number: int = db.session.connection().execute(statement).scalar_one()
    return f"{series}-{year % 100:02d}-{number:05d}"
