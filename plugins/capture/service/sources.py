"""What forms and hooks are both checked for when they are saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.sdk import Fault, Invalid, agencies, check_currency, fields, users

_OF_DEFAULTS = "/defaults"


def check(changes: Mapping[str, Any]) -> None:
    """Raise Invalid for brands, members and teams that are none of the agency's, and defaults that cannot be."""
    faults = []
    brand_id, owner_id, team_id = (changes.get(name) for name in ("brand_id", "owner_id", "team_id"))
    if brand_id is not None and not agencies.is_brand(brand_id):
        faults.append(Fault("/brand_id", "unknown", "There is no such brand"))
    if owner_id is not None and owner_id not in users.actors([owner_id]):
        faults.append(Fault("/owner_id", "unknown", "There is no such active member"))
    if team_id is not None and not users.is_team(team_id):
        faults.append(Fault("/team_id", "unknown", "There is no such team"))
    defaults = changes.get("defaults")
    if defaults is not None:
        faults += _faults(check_currency, defaults.currency, f"{_OF_DEFAULTS}/currency")
        faults += _faults(fields.check_country, defaults.country, f"{_OF_DEFAULTS}/country")
    if changes.get("language") is not None:
        faults += _faults(fields.check_language, changes["language"], "/language")
    if faults:
        raise Invalid(errors=faults)


def _faults(judge: Any, value: str | None, pointer: str) -> list[Fault]:
    if value is None:
        return []
    try:
        judge(value, pointer=pointer)
    except Invalid as wrong:
        return [*wrong.errors]
    return []
