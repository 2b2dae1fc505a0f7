"""The counters behind the quotas."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Date, Text, bindparam, case, func, literal, select
from sqlalchemy.dialects.postgresql import insert

from core import clock, ids
from core.db.read import Query
from core.db.tenancy import current_agency_id
from core.extensions import db
from core.quotas.models import QuotaUse


class Use(msgspec.Struct, frozen=True):
    """What was used of a quota today, and what the operator allows instead of the declared figure."""

    quota: str
    used: int
    per_day: int | None


_TABLE = QuotaUse.metadata.tables[QuotaUse.__tablename__]
_USED = case((QuotaUse.day == bindparam("today", type_=Date()), QuotaUse.used), else_=literal(0))
_ALL = Query(select(QuotaUse.quota, _USED, QuotaUse.per_day), Use)
_ONE = Query(select(QuotaUse.quota, _USED, QuotaUse.per_day).where(QuotaUse.quota == bindparam("quota", Text())), Use)


def today() -> date:
    """The day that is counted, in UTC."""
    return clock.now().date()


def uses() -> dict[str, Use]:
    """What the acting agency has used today, by quota."""
    return {use.quota: use for use in _ALL.rows(today=today())}


def use_of(quota: str) -> Use:
    """What the acting agency has used of one quota today."""
    return _ONE.first(quota=quota, today=today()) or Use(quota, 0, None)


def take(quota: str, amount: int, *, per_day: int) -> bool:
    """Count, where that much is left; one statement, undone with the unit of work."""
    now = clock.now()
    own = select(_TABLE.c.per_day).where(_TABLE.c.agency_id == current_agency_id(), _TABLE.c.quota == quota)
    allowed = literal(amount) <= func.coalesce(own.scalar_subquery(), per_day)
    row = _row(quota, used=amount)
    fresh = case((_TABLE.c.day == now.date(), _TABLE.c.used + amount), else_=literal(amount))
    statement = (
        insert(_TABLE)
        .from_select(
            list(row), select(*(literal(value, _TABLE.c[name].type) for name, value in row.items())).where(allowed)
        )
        .on_conflict_do_update(
            index_elements=["agency_id", "quota"],
            set_={"day": now.date(), "used": fresh, "updated_at": now},
            where=fresh <= func.coalesce(_TABLE.c.per_day, per_day),
        )
        .returning(_TABLE.c.used)
    )
    return db.session.connection().execute(statement).scalar() is not None


def allow(quota: str, per_day: int | None) -> None:
    """Let the acting agency do so many a day, or as many as declared."""
    statement = insert(_TABLE).values(**_row(quota, used=0), per_day=per_day)
    changed = statement.on_conflict_do_update(
        index_elements=["agency_id", "quota"], set_={"per_day": per_day, "updated_at": clock.now()}
    )
    db.session.connection().execute(changed)


def _row(quota: str, *, used: int) -> dict[str, Any]:
    now = clock.now()
    instants = {"created_at": now, "updated_at": now}
    return {"id": ids.new(), "agency_id": current_agency_id(), "quota": quota, "day": now.date(), "used": used,
            "version": 1, **instants}  # fmt: skip
