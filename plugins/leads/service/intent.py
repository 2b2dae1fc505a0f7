"""Trip intent: what a wish for a trip must fulfil, and how it is stored."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from core.sdk import Fault, Invalid, Money, agencies, fields, gather, to_minor, vault
from plugins.contacts import api as contacts

from ..models import Lead

_MONEY = ("budget", "value")
_DAYS = ("start_date", "end_date", "expected_close", "next_action_at")
_CHECKS: dict[str, Callable[[Any], object]] = {
    "language": fields.check_language,
    "zone": fields.check_zone,
    "nationality": partial(fields.check_country, pointer="/nationality"),
    "residency": partial(fields.check_country, pointer="/residency"),
}


def apply(lead: Lead, changes: dict[str, Any]) -> None:
    """Check changes to a lead's fields and make them. Raises Invalid with every fault; then nothing has changed."""
    found: list[Any] = gather(
        partial(_amounts, changes),
        partial(_check_neighbours, changes),
        partial(_check_dates, lead, changes),
        *(partial(check, changes[name]) for name, check in _CHECKS.items() if changes.get(name) is not None),
    )
    plain = {name: value for name, value in changes.items() if name not in _MONEY}
    if "next_action_at" in plain:
        plain["own_action_at"] = plain["next_action_at"]
    if plain.get("restrictions") is not None:
        plain["restrictions"] = vault.Secret(plain["restrictions"])
    for name, value in (plain | found[0]).items():
        setattr(lead, name, value)


def _amounts(changes: dict[str, Any]) -> dict[str, Any]:
    """The columns that money ends up in: minor units and currency. Raises Invalid."""
    given = [name for name in _MONEY if name in changes]
    minors = gather(*(partial(_minor, name, changes[name]) for name in given))
    columns: dict[str, Any] = {}
    for name, minor in zip(given, minors, strict=True):
        columns[f"{name}_minor"] = minor
        columns[f"{name}_currency"] = changes[name] and changes[name].currency
    return columns


def _minor(name: str, amount: Money | None) -> int | None:
    if amount is None:
        return None
    minor = to_minor(amount, pointer=f"/{name}")
    if minor < 0:
        raise Invalid(errors=[Fault(f"/{name}/amount", "value", "The amount is negative")])
    return minor


def _check_dates(lead: Lead, changes: dict[str, Any]) -> None:
    given = [name for name in _DAYS if changes.get(name) is not None]
    gather(*(partial(fields.check_day, changes[name], pointer=f"/{name}") for name in given))
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
