"""Streams: scoped, dense, commit-ordered sequences, which is what everybody polls who asks what came since N."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import BigInteger, Text, Uuid, bindparam, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.db import closing, read
from core.db.base import Model, Numbered
from core.db.personal import NOT_PERSONAL, Number
from core.db.tenancy import ForeignAgency, current_agency_id
from core.extensions import db

PLATFORM = UUID(int=0)
"""Stands for the agency in the scopes of facts that belong to no agency alone."""


class StreamHead(Model):
    """The last number given in a scope.

    A scope (`events`, `notifications:<user>`) counts within its agency, or for the whole platform. Its counter is
    bumped last in the unit of work, in the statement that inserts the rows it numbers: numbers have no holes, and a
    reader who saw N never finds a smaller one later.
    """

    __tablename__ = "core_stream_head"

    agency_id: Mapped[UUID] = mapped_column(Uuid(), primary_key=True)
    scope: Mapped[str] = mapped_column(Text(), primary_key=True, info=NOT_PERSONAL)
    seq: Mapped[Number] = mapped_column(BigInteger())


_HEAD = read.Query(
    select(StreamHead.seq).where(
        StreamHead.agency_id == bindparam("agency_id", type_=Uuid()),
        StreamHead.scope == bindparam("scope", type_=Text()),
    ),
    int,
)


def append(row: Numbered, *, scope: str, platform: bool = False, session: Session | None = None) -> None:
    """Insert a row when the unit of work commits, as the next number of a scope of the acting agency.

    Until then the row is in no table. `platform` counts in a scope that all agencies share. Raises ForeignAgency; only
    the system role (`session`) writes for an agency that is not acted in.
    """
    agency_id = getattr(row, "agency_id", None) or current_agency_id()
    if session in (None, db.session()) and agency_id != current_agency_id():
        raise ForeignAgency(f"{type(row).__name__} belongs to an agency other than the acting one")
    head = PLATFORM if platform else agency_id
    closing.of(session or db.session()).number(row, agency_id=agency_id, head=head, scope=scope)


def head(scope: str) -> int:
    """The last number given in a scope of the acting agency; 0 before the first."""
    return _HEAD.first(agency_id=current_agency_id(), scope=scope) or 0


_table = StreamHead.metadata.tables[StreamHead.__tablename__]
_insert = insert(_table)
_COUNT_UP = _insert.on_conflict_do_update(
    index_elements=["agency_id", "scope"], set_={"seq": _table.c.seq + _insert.excluded.seq}
).returning(_table.c.seq)


def reserve(scope: str, count: int) -> int:
    """Take so many numbers of a scope of the acting agency at once; the last of them.

    For rows that this unit of work inserts itself, each of them. Everybody else who appends to the scope waits until it
    ends, so come late and where nobody works yet.
    """
    wanted = {"agency_id": current_agency_id(), "scope": scope, "seq": count}
    last: int = db.session.connection().execute(_COUNT_UP, wanted).scalar_one()
    return last
