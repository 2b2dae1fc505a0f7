"""What came of the enquiries of contacts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Uuid, any_, bindparam, cast, func, select
from sqlalchemy.orm import aliased

from core.sdk import read
from plugins.contacts.api import ContactFigures

from ..models import Lead


def _figures(*row: Any) -> ContactFigures:
    *counted, currency, minor = row
    return ContactFigures._make([*counted, {currency: minor} if minor else {}])


_won = Lead.status == "won"
_EVERY = read.Query(
    select(
        Lead.contact_id,
        func.count(),
        func.count().filter(Lead.status != "won", Lead.status != "lost"),
        func.count().filter(_won),
        func.count().filter(Lead.status == "lost"),
        func.min(Lead.created_at),
        func.max(Lead.created_at),
        Lead.value_currency,
        cast(func.coalesce(func.sum(Lead.value_minor).filter(_won), 0), BigInteger()),
    )
    .where(Lead.contact_id == any_(bindparam("ids", type_=ARRAY(Uuid()))))
    .group_by(Lead.contact_id, Lead.value_currency),
    _figures,
)


def figures(contact_ids: Sequence[UUID]) -> list[ContactFigures]:
    """What came of the enquiries of contacts: one entry of each for each currency, whoever may see the leads."""
    return _EVERY.rows(ids=list(contact_ids))


def has_bought() -> ColumnElement[bool]:
    """A column: whether another lead of the same contact was won."""
    other = aliased(Lead)
    earlier = select(other.id).where(other.contact_id == Lead.contact_id, other.status == "won", other.id != Lead.id)
    return earlier.correlate(Lead).exists()
