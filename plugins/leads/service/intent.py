"""Trip intent: what a wish for a trip must fulfil, and how it is stored."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from core.sdk import Fault, Invalid, Money, agencies, fields, gather, to_minor
from plugins.contacts import api as contacts

from ..models import Lead

_CHECKS: dict[str, Callable[[Any], object]] = {
    "language": fields.check_language,
    "zone": fields.check_zone,
    "nationality": partial(fields.check_country, pointer="/nationality"),
    "residency": partial(fields.check_country, pointer="/residency"),
}


def apply(lead: Lead, changes: dict[str, Any]) -> None:
    """Check changes to a lead's fields and make them. Raises Invalid with every fault; then nothing has changed."""
    stored = _stored(changes)
    gather(
        *(partial(check, changes[name]) for name, check in _CHECKS.items() if changes.get(name) is not None),
        partial(_check_neighbours, changes),
        partial(_check_money, changes),
        partial(_check_dates, lead, changes),
    )
    for name, value in stored.items():
        setattr(lead, name, value)


def _stored(changes: dict[str, Any]) -> dict[str, Any]:
    """The columns that changes end up in: money becomes minor units and currency."""
    stored = dict(changes)
    for name in ("budget", "value"):
        if name in stored:
            amount: Money | None = stored.pop(name)
            stored[f"{name}_currency"] = amount.currency if amount else None
            stored[f"{name}_minor"] = _minor(amount)
    return stored


def _minor(amount: Money | None) -> int | None:
    try:
        return to_minor(amount) if amount else None
    except Invalid:
        # Reported by `_check_money`, together with all other faults.
        return None


def _check_money(changes: dict[str, Any]) -> None:
    given = {name: changes[name] for name in ("budget", "value") if changes.get(name)}
    gather(*(partial(to_minor, amount, pointer=f"/{name}") for name, amount in given.items()))
    negative = [name for name, amount in given.items() if amount.amount < 0]
    if negative:
        raise Invalid(errors=[Fault(f"/{name}/amount", "value", "The amount is negative") for name in negative])


def _check_dates(lead: Lead, changes: dict[str, Any]) -> None:
    start = changes.get("start_date", lead.start_date)
    end = changes.get("end_date", lead.end_date)
    if start and end and end < start:
        raise Invalid(errors=[Fault("/end_date", "order", "The trip ends before it starts")])


def _check_neighbours(changes: dict[str, Any]) -> None:
    contact_id: UUID | None = changes.get("contact_id")
    brand_id: UUID | None = changes.get("brand_id")
    faults = []
    if contact_id is not None and not contacts.exists(contact_id):
        faults.append(Fault("/contact_id", "unknown", "There is no such contact"))
    if brand_id is not None and not agencies.is_brand(brand_id):
        faults.append(Fault("/brand_id", "unknown", "There is no such brand"))
    if faults:
        raise Invalid(errors=faults)
